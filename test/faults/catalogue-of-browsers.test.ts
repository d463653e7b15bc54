import { FAULTS_OF_SITES } from "./catalogue.ts";
import { testRows } from "./test-rows.ts";

testRows(FAULTS_OF_SITES);
