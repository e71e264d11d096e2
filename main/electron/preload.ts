/**
 * Runs in the page's process, in a world of its own and a sandbox: hands frames of the contract across, and knows
 * nothing of what is in them.
 */
import { contextBridge, ipcRenderer } from 'electron';
import type { Bridge, ShellFrame } from '../contract/frame.ts';

/** The one channel; what goes over it is checked by the shell (shell/inputs.ts). */
const CHANNEL = 'frame';

let listener: (frame: ShellFrame) => void = () => undefined;
ipcRenderer.on(CHANNEL, (_event, frame: ShellFrame) => listener(frame));

const bridge: Bridge = {
  send: (frame) => ipcRenderer.send(CHANNEL, frame),
  listen: (wanted) => {
    listener = wanted;
  },
};
contextBridge.exposeInMainWorld('deskcloud', bridge);
