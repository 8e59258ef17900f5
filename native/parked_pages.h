// Pages that wait elsewhere: a stretch of memory is moved aside with all that is in it, lightweight guards
// too, and what stays behind has no access.
//
//      home:   |G| page |G|G| page |G| ...        no access at all
//      place:      nothing            -- move -->  |G| page |G|G| page |G| ...
//
// An mprotect visits each page, 512 in 100 us; whole page tables are moved in half of that, however many. The
// place is kept for the next time.

#ifndef NATIVE_PARKED_PAGES_H_
#define NATIVE_PARKED_PAGES_H_

#include <cstddef>
#include <cstdint>

struct Parking {
  uintptr_t home;
  size_t length;
  uintptr_t place;
  bool is_taken;
};

// Whether a stretch consists of whole page tables, on a system that can move them.
bool IsParkable(uintptr_t home, size_t length);

// Finds a place for them. 0 or -errno.
int MakeParking(uintptr_t home, size_t length, Parking* parking);

// Moves them aside. 0, or -errno and nothing has changed.
int ParkPages(Parking* parking);

// Moves them back; what came about at home meanwhile is gone. 0, or -errno and nothing has changed.
int UnparkPages(Parking* parking);

// Gives the place back to the system, with what is there.
void DropParking(const Parking& parking);

#endif  // NATIVE_PARKED_PAGES_H_
