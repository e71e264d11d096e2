import { hostNetworkContract } from './contract.ts';
import { TestCloud } from './testing/cloud.ts';

hostNetworkContract('this Linux host', () => {
  const cloud = new TestCloud('contract');
  return { host: cloud.host, end: () => cloud.end() };
});
