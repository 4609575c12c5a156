/**
 * Script of pages without live updates: shows times in the reader's time zone, shares entries, enlarges pictures.
 */

import { playInPlace } from "./embeds.js";
import "./share.js";
import { keepTimes } from "./times.js";
import "./zoom.js";

playInPlace(document);
keepTimes();
