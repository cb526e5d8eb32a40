/** Everything that runs in a store is killed with -9 while it sells; HQ keeps its facts in PostgreSQL, which is killed too. */
import { noPostgres } from '../../support/postgres.ts';
import { killTest } from './kill-test.ts';

killTest('postgres', noPostgres);
