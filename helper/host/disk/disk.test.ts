import { diskHostContract } from './contract.ts';
import { FakeDiskHost } from './fake.ts';

diskHostContract('simulated', () => new FakeDiskHost());
