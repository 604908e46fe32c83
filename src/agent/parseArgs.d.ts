/** The polyfill of what Node has since 18.3; it brings no types of its own. */
declare module '@pkgjs/parseargs' {
  export { parseArgs } from 'node:util';
}
