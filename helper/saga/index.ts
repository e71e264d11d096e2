export {
  defineSaga,
  none,
  step,
  type HostContext,
  type HostStep,
  type NoUndo,
  type Resource,
  type Saga,
  type SqlStep,
  type Step,
  type StepContext,
} from './define.ts';
export { CancelledError, StepTimeoutError, type EngineLogger } from './attempt.ts';
export { SagaEngine, type EngineOptions, type EnqueueOptions } from './engine.ts';
export { OperationEvents } from './events.ts';
export type { ForeignEvent } from './foreign-event.ts';
export { EngineStoppedError, type JournalObserver, type JournalWrite } from './journal.ts';
export { searchOperations, type FoundOperation, type OperationSearch } from './search.ts';
export { getOperation, getOperationSummary, listOperations, type OperationFilter } from './trace.ts';
export { describeError } from './serialize.ts';
export { Subscription } from './subscription.ts';
