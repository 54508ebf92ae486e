/**
 * What Diskferry knows of a CloudStack release: `seen` were its answers recorded and are replayed by the tests, `read about` were its
 * sources read (reference cloudstack-api, 4.18 to 4.23), `unknown` is everything else.
 */
export type ReleaseKnowledge = 'seen' | 'read about' | 'unknown';

const SEEN = /^4\.22\.1(\.|$)/;
const READ_ABOUT = /^4\.(18|19|20|21|22|23)(\.|$)/;

/** @param version as listCapabilities gives it, `4.22.1.0` */
export function releaseKnowledge(version: string): ReleaseKnowledge {
  if (SEEN.test(version)) return 'seen';
  return READ_ABOUT.test(version) ? 'read about' : 'unknown';
}
