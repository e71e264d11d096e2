import { onDestroy } from 'svelte';
import type { HelperState, Project, ShellInfo } from '../../main/contract/shell.ts';
import { preference, savePreference } from '../app/preferences.svelte.ts';
import { onEvent } from '../shell/events.ts';
import { shell } from '../shell/shell.ts';
import { Api } from './api.ts';
import { holdCollection, type Collection } from './collection.svelte.ts';
import { problemOf, type Problem } from './errors.ts';
import type { Kind } from './kinds.ts';

/** What the whole window works with: the helper's state, the projects, and which of them is worked in. Reactive. */
class Session {
  info: ShellInfo | undefined = $state.raw(undefined);
  helper: HelperState = $state.raw({ state: 'unknown' });
  projects: readonly Project[] = $state.raw([]);
  /** Null until the projects were read. */
  project: Project | null = $state.raw(null);
  problem: Problem | undefined = $state.raw(undefined);
  #asked = $state.raw(false);
  /** True when pages know what they work with; one that is drawn before is made anew at once. */
  readonly settled = $derived(
    this.helper.state !== 'unknown' && (this.helper.state !== 'running' || this.#asked),
  );
  readonly api = $derived(new Api(this.project?.id ?? null));

  /** Called once, before the first page. */
  async start(): Promise<void> {
    onEvent((event) => {
      if (event.type === 'helper') {
        const { type: _type, ...state } = event;
        const runs = state.state === 'running' && this.helper.state !== 'running';
        this.helper = state;
        if (runs) void this.readProjects();
      } else if (event.type === 'changed' && event.kind === 'project') void this.readProjects();
    });
    this.info = await shell.info({});
  }

  /** The projects again, and the one that was worked in last. */
  async readProjects(): Promise<void> {
    try {
      this.projects = (await shell.projects({})).filter((one) => one.enabled);
      this.problem = undefined;
      const wanted = this.project?.id ?? preference('project', '');
      const chosen =
        this.projects.find((one) => one.id === wanted) ??
        this.projects.find((one) => one.name === 'demo') ??
        this.projects[0];
      if (chosen !== undefined && chosen.id !== this.project?.id) this.project = chosen;
    } catch (error) {
      this.problem = problemOf(error);
    }
    this.#asked = true;
  }

  choose(project: Project): void {
    this.project = project;
    savePreference('project', project.id);
  }
}

export const session = new Session();

/**
 * The current project's resources of a kind, for as long as this component is there. Call it while the component is
 * being made. Pages are made anew when the project changes.
 */
export function useCollection<K extends Kind>(kind: K): Collection<K> {
  const { collection, release } = holdCollection(kind, session.project?.id ?? null);
  onDestroy(release);
  return collection;
}
