/** How a heap becomes a shared one, and how another thread comes to it. */
import { HeapError, type WindowSource } from '../../core/index.ts';
import { FIRST_SLOT } from '../layout.ts';
import { profiles } from '../profiles.ts';
import { defaultStart } from '../setup.ts';
import type { HeapClass } from '../strict.ts';
import type { Surface } from '../surface.ts';
import { newControl } from './control.ts';
import type { SharedHeapHandle } from './handle.ts';
import { type SharedHeap, shared } from './shared.ts';
import { SharedSpace, type SpacePlan } from './shared-space.ts';

type SharedClass = ReturnType<typeof shared<HeapClass>>;

const handles = new WeakMap<Surface, SharedHeapHandle>();
const classes = new Map<HeapClass, SharedClass>();

/** @returns the shared class of a variant; built on what the written-out class extends, so that locks find their place */
function sharedClassOf(variant: HeapClass): SharedClass {
  let made = classes.get(variant);
  if (made === undefined) {
    made = shared(Object.getPrototypeOf(variant) as HeapClass);
    classes.set(variant, made);
  }
  return made;
}

/**
 * Makes a heap one that other threads can attach to; from now on it takes locks.
 * @param heap a heap, shared or not
 * @param variant its class as the version has it; undefined for one with strict mode, defences or simulated threads
 * @returns the handle, the same at each call
 * @throws HeapError ERR_HEAP_NOT_SHAREABLE, and nothing is done
 */
export function shareHeap(heap: Surface, variant: HeapClass | undefined): SharedHeapHandle {
  heap.requireOpen();
  const known = handles.get(heap);
  if (known) return known;
  if (variant === undefined) {
    const rule = 'what strict mode, defences and simulated threads remember is one thread’s alone';
    throw new HeapError('ERR_HEAP_NOT_SHAREABLE', 'only a plain heap can be shared', { rule });
  }
  const { source } = heap.space;
  const window = source.share?.();
  if (window === undefined) {
    throw new HeapError('ERR_HEAP_NOT_SHAREABLE', `a window of kind ${source.kind} cannot be shared`, {
      rule: 'other threads reach memory by its address',
    });
  }
  const control = newControl();
  const { limitBytes, breakStart, lowestHeap, heapAreaEnd } = heap.space;
  const plan: SpacePlan = { limitBytes, breakStart, lowestHeap, heapAreaEnd, heapArea: heapAreaOf(heap) };
  const space = new SharedSpace(source, control, plan);
  space.adopt(heap.space);
  const handle: SharedHeapHandle = {
    format: 'chunkyard-shared-heap 1',
    glibc: heap.profile.version,
    window,
    control,
    space: plan,
    key: (BigInt(heap.keyHi >>> 0) << 32n) | BigInt(heap.keyLo >>> 0),
    cores: heap.cores,
    cacheLength: heap.cacheLength,
    cacheMaxChunk: heap.cacheMaxChunk,
    cacheUnsortedLimit: heap.cacheUnsortedLimit,
  };
  Object.setPrototypeOf(heap, sharedClassOf(variant).prototype);
  Object.assign(heap, { space });
  (heap as unknown as SharedHeap).join(control);
  handles.set(heap, handle);
  return handle;
}

/** Thread heaps begin behind a quarter of the window: the rest is for the break. */
function heapAreaOf({ space }: Surface): number {
  const quarter = defaultStart(space.source.sizeBytes, true);
  return Math.max(space.heapArea, Math.ceil(space.breakEnd / FIRST_SLOT) * FIRST_SLOT, quarter);
}

/**
 * Comes to a heap that another thread shared.
 * @param handle what `heap.share()` gave there
 * @param source its window, through ArrayBuffers of this thread
 * @param variant the class of the handle's version
 * @throws HeapError ERR_HEAP_NOT_SHAREABLE when 64 threads are attached
 */
export function attachHeap(handle: SharedHeapHandle, source: WindowSource, variant: HeapClass): Surface {
  const { control, key, cores, cacheLength, cacheMaxChunk, cacheUnsortedLimit } = handle;
  const space = new SharedSpace(source, control, handle.space);
  const profile = profiles[handle.glibc];
  const limits = { cacheLength, cacheMaxChunk, cacheUnsortedLimit };
  const setup = { profile, space, threaded: true, threads: 1, cores, key, ...limits };
  const heap = new (sharedClassOf(variant))(setup) as unknown as Surface & SharedHeap;
  space.refresh();
  heap.join(control);
  handles.set(heap, handle);
  return heap;
}
