/**
 * Script of pages without live updates: shows times in the reader's time zone.
 */

import "./embeds.js";
import { keepTimes } from "./times.js";

keepTimes();
