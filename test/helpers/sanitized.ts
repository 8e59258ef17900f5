/** Whether tests run under a sanitizer (npm run test:asan, test:tsan), which replaces malloc and ignores mlock. */

/** The sanitizer that the addon is built with. */
export const sanitizer: string | undefined = /lib([at]san)\b/.exec(process.env.LD_PRELOAD ?? '')?.[1];

/** True: malloc is not the platform's, mlock does nothing, and everything takes longer. */
export const isSanitized: boolean = sanitizer !== undefined;
