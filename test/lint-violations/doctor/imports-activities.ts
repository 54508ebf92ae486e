// @typescript-eslint/no-restricted-imports: activities judge with doctor, not doctor with activities
import { makeAttachVolume } from '../../activities/attach-volume';
export const made = makeAttachVolume;
