/** A heap as its users see it, and how one is made. */
import type { Pointer } from '../core/index.ts';
import type { AddressSpace } from './address-space.ts';
import { CountedCache } from './counted-cache.ts';
import { PlacesCache } from './places-cache.ts';
import { PlainCache } from './plain-cache.ts';

class H36 extends CountedCache {}
class H31 extends PlainCache {}
class H43 extends PlacesCache {}

export type { AddressSpace, Pointer };
export { H31, H36, H43 };
