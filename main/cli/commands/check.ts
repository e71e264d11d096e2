import type { SetupReport } from '../../../helper/contract/setup.ts';
import { typed, type Instance } from '../../launch.ts';
import { fixSetup, readSetup } from '../../setup.ts';
import { confirm, say } from '../ask.ts';
import { startProgress } from '../progress.ts';

const MARK = { ok: '✓', warning: '!', missing: '✗' } as const;

/** Shows what the machine has and lacks, and mends it when asked to. */
export async function check(instance: Instance, options: { fix: boolean; yes: boolean }): Promise<void> {
  const report = await readSetup(instance);
  for (const finding of report.findings) {
    say(`${MARK[finding.status]} ${finding.title}: ${finding.detail}`);
    if (finding.remedy !== undefined && finding.status !== 'ok') say(`    remedy: ${finding.remedy}`);
  }
  if (options.fix) await fix(instance, report, options.yes);
  else if (report.ready) say(`\nGuests can be made here. To go on: ${typed(instance, 'demo')}`);
  else say(`\nMend it all with: ${typed(instance, 'check', '--fix')}`);
  process.exitCode = options.fix || report.ready ? 0 : 1;
}

/**
 * Makes sure that guests can be made here.
 * @throws {Error} naming what is missing when the person does not agree or it cannot be mended.
 */
export async function ensureSetup(instance: Instance, yes: boolean): Promise<void> {
  if (instance.simulated) return;
  const report = await readSetup(instance);
  if (report.ready) return;
  for (const finding of report.findings.filter((one) => one.status === 'missing'))
    say(`✗ ${finding.title}: ${finding.detail}`);
  await fix(instance, report, yes);
}

async function fix(instance: Instance, report: SetupReport, yes: boolean): Promise<void> {
  // What is optional comes along where it can be had.
  const open = report.findings.filter(
    (one) => one.status === 'missing' || (one.status === 'warning' && one.fixable),
  );
  if (open.length === 0) return;
  const hopeless = open.find((one) => !one.fixable);
  if (hopeless !== undefined) throw new Error(`${hopeless.detail}. ${hopeless.remedy ?? ''}`);
  const what =
    report.packages.length > 0
      ? `Install ${report.packages.length} packages (${report.packages.join(' ')}) and start what is needed?`
      : 'Mend this?';
  if (!yes && !(await confirm(what)))
    throw new Error(`Nothing was changed. By hand: ${open.map((one) => one.remedy).join('; ')}`);
  const progress = startProgress();
  await fixSetup(instance, (step) => progress.update(step.fraction, step.text));
  progress.done('this machine is set up');
  const after = await readSetup(instance);
  const left = after.findings.find((one) => one.status === 'missing');
  if (left !== undefined) throw new Error(`${left.title}: ${left.detail}. ${left.remedy ?? ''}`);
}
