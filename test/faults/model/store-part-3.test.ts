/** A quarter of the model-based runs of a whole store (docs/faults.md). */
import { modelTest } from './model-test.ts';

modelTest(2);
