import type { SetupHost, SetupReport } from './interface.ts';

/** A simulated host lacks nothing. */
export class FakeSetupHost implements SetupHost {
  check(): Promise<SetupReport> {
    const detail = 'this host is simulated: no guest, device or process is made';
    return Promise.resolve({
      findings: [{ id: 'simulated', title: 'simulated host', status: 'ok', detail, fixable: false }],
      packages: [],
      ready: true,
    });
  }

  fix(): Promise<void> {
    return Promise.resolve();
  }
}
