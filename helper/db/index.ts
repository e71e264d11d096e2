export { CorruptDatabaseError, closeDatabase, openDatabase, type Db, type OpenOptions } from './open.ts';
export { memoryDatabase } from './memory.ts';
export { MigrationError } from './migrate.ts';
export { changeCount, statement, type SqlParameters, type SqlValue, type Statement } from './statement.ts';
export { afterCommit, inTransaction, transaction, type TransactionOptions } from './transaction.ts';
export { watchTables, type RowChange, type WatchedTable } from './watch.ts';
