/**
 * Script of pages without live updates: shows times in the reader's time zone.
 */

import { playInPlace } from "./embeds.js";
import { keepTimes } from "./times.js";

playInPlace(document);
keepTimes();
