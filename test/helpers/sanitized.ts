/** Whether tests run under AddressSanitizer (npm run test:asan), which replaces malloc and ignores mlock. */

/** True: malloc is not the platform's, mlock does nothing, and everything takes longer. */
export const isSanitized: boolean = (process.env.LD_PRELOAD ?? '').includes('libasan');
