/**
 * Script of pages without live updates: shows times in the reader's time zone.
 */

import { keepTimes } from "./times.js";

keepTimes();
