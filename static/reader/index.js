/**
 * Pages that do not change by themselves: only their times are shown in the reader's zone.
 */

import { keepTimes } from "./times.js";

keepTimes();
