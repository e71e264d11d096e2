export { STANDARD_CLASSES } from './standard-classes.ts';
export { STANDARD_TRAITS } from './standard-traits.ts';
export type * from './face.ts';
