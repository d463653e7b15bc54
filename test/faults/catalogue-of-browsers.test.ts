import { FAULTS_OF_BROWSERS } from "./catalogue.ts";
import { testRows } from "./test-rows.ts";

testRows(FAULTS_OF_BROWSERS);
