# Reads the thread arena of a chunkyard heap (glibc 2.35 to 2.41) with nothing but gdb; docs/debuggers.md tells how.
#
#   (gdb) source examples/arena.gdb
#   (gdb) arena-chunks ARENA      every chunk, up to top
#   (gdb) arena-bins ARENA        fastbins, unsorted, small and large bins
#   (gdb) cache-bins CACHE        the per-thread cache
#
# malloc_state, offsets in bytes:
#   0 mutex, flags | 8 have_fastchunks | 16 fastbins 10 x 8 | 96 top | 104 last_remainder | 112 bins 254 x 8 |
#   2144 binmap | 2160 next | 2168 next_free | 2176 attached_threads | 2184 system_mem | 2192 max_system_mem | 2200
# heap_info, at each multiple of 64 MiB:  0 arena | 8 previous heap | 16 size | 24 mprotect_size | 32 page size | 48
# A chunk:  0 prev_size | 8 size and flags (1 = P, 2 = M, 4 = A) | 16 user bytes; in a list: 16 fd | 24 bk
# Links of fastbins and cache are mangled: stored = link XOR (address of the link / 4096).
# Addresses that are printed are those of the user bytes.
set language c

define cy-print-chunk
  set $cy_word = *(unsigned long *) ($arg0 + 8)
  printf " %#lx/%#lx/%lu", $arg0 + 16, $cy_word & ~7, $cy_word & 7
end

define arena-chunks
  set $cy_top = *(unsigned long *) ($arg0 + 96)
  set $cy_newest = $cy_top & ~0x3ffffffUL
  set $cy_heap = $cy_newest
  set $cy_heaps = 1
  while *(unsigned long *) ($cy_heap + 8) != 0
    set $cy_heap = *(unsigned long *) ($cy_heap + 8)
    set $cy_heaps = $cy_heaps + 1
  end
  while $cy_heaps > 0
    set $cy_heap = $cy_newest
    set $cy_i = 1
    while $cy_i < $cy_heaps
      set $cy_heap = *(unsigned long *) ($cy_heap + 8)
      set $cy_i = $cy_i + 1
    end
    set $cy_at = $cy_heap + 0x30
    if $cy_at == $arg0
      set $cy_at = (($arg0 + 2200 + 15) / 16) * 16
    end
    set $cy_size = *(unsigned long *) ($cy_at + 8) & ~7
    while $cy_size != 0
      cy-print-chunk $cy_at
      printf "\n"
      set $cy_at = $cy_at + $cy_size
      set $cy_size = 0
      if $cy_heap != $cy_newest || $cy_at <= $cy_top
        set $cy_size = *(unsigned long *) ($cy_at + 8) & ~7
      end
    end
    set $cy_heaps = $cy_heaps - 1
  end
end
document arena-chunks
arena-chunks ARENA: address, size and flags of each chunk of a thread arena, heap by heap, the oldest first.
end

# cy-single HEAD BYTES: a mangled list whose head points BYTES before the user bytes.
define cy-single
  set $cy_link = *(unsigned long *) ($arg0)
  while $cy_link != 0
    set $cy_user = $cy_link + $arg1
    cy-print-chunk $cy_user-16
    set $cy_link = *(unsigned long *) $cy_user ^ ($cy_user >> 12)
  end
end

define arena-bins
  set $cy_i = 0
  while $cy_i < 10
    if *(unsigned long *) ($arg0 + 16 + 8 * $cy_i) != 0
      printf "fastbins %d:", $cy_i
      cy-single $arg0+16+8*$cy_i 16
      printf "\n"
    end
    set $cy_i = $cy_i + 1
  end
  set $cy_i = 0
  while $cy_i < 126
    set $cy_head = $arg0 + 96 + 16 * $cy_i
    set $cy_link = *(unsigned long *) ($cy_head + 16)
    if $cy_link != $cy_head
      printf "bins %d:", $cy_i
      while $cy_link != $cy_head
        cy-print-chunk $cy_link
        set $cy_link = *(unsigned long *) ($cy_link + 16)
      end
      printf "\n"
    end
    set $cy_i = $cy_i + 1
  end
end
document arena-bins
arena-bins ARENA: the fastbins, then bin 0 (unsorted), 1 to 62 (small) and 63 to 125 (large), front first.
end

define cache-bins
  set $cy_i = 0
  while $cy_i < 64
    if *(unsigned long *) ($arg0 + 128 + 8 * $cy_i) != 0
      printf "tcache %d:", $cy_i
      cy-single $arg0+128+8*$cy_i 0
      printf "\n"
    end
    set $cy_i = $cy_i + 1
  end
end
document cache-bins
cache-bins CACHE: the lists of the per-thread cache.
end
