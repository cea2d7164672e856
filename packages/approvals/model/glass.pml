/*
 * A change of which one part opens something and another closes something, or one of the two; somebody breaks the glass for it. Then
 * all at once: three look back at it (keep, justified, undo), its time ends, rights are taken away and given back, something else is
 * approved on top of it, and what would open again what it closed is voted on. Each transaction of the server is one atomic step.
 *
 * What must hold: what it opened is in force only while its time runs, or since a satisfied rule says so; while its time runs a review
 * is open, or was closed by somebody who took no part; once its time is over nothing that it opened is in force by it; what it closed
 * is opened by a satisfied rule alone, never by time and never by one; and no vote of its author or its breaker is among those counted.
 *
 * spin -a glass.pml && cc -O2 -DSAFETY -DCOLLAPSE -o pan pan.c && ./pan -m400000
 */
#define PEOPLE 5
#define QUORUM 2
#define AUTHOR 0
#define NOBODY 255

bool opens, closes;       /* what the change does */
bool opened, shut;        /* what of that is in force */
bool right[PEOPLE];       /* may approve, now */
/* For the change (before the glass was broken, or by "keep"), and for opening again what it closed. */
#define KEEPS(who) vote[who]
#define BACKS(who) vote[PEOPLE + who]
bool vote[2 * PEOPLE];
byte breaker = NOBODY;
byte closedBy = NOBODY;
byte asker = NOBODY;      /* who asked to have it undone; nobody where time did */
bool running;             /* its time */
bool reviewing;
bool kept, later, reopening, reopened;

hidden byte n, i;

#define DISINTERESTED(who) (who != AUTHOR && who != breaker)

/* Whose vote it is, said apart from what counts: neither the author nor the breaker is among them. */
#define OTHERS(from) ((vote[from + 1] && right[1] && breaker != 1) + (vote[from + 2] && right[2]) + (vote[from + 3] && right[3]) + (vote[from + 4] && right[4]))

inline count(from) {
  n = 0; i = 0;
  do
  :: i < PEOPLE -> if
     :: vote[from + i] && right[i] && DISINTERESTED(i) -> n++
     :: else
     fi; i++
  :: else -> break
  od;
  i = 0
}

/* What must be true after every step. */
inline sound() {
  assert(!opened || running || kept || later);
  assert(!running || reviewing || DISINTERESTED(closedBy));
  assert(breaker == NOBODY || !closes || shut || reopened)
}

inline take_back(by) {
  running = false;
  if
  :: later -> skip                                     /* left: others approved what is on top of it */
  :: else ->
     opened = false;
     if
     :: shut -> reopening = true; asker = by
     :: else
     fi
  fi
}

proctype Glass(byte me) {
  atomic { breaker = me; opened = opens; shut = closes; running = true; reviewing = true; sound() }
}

proctype Reviewer(byte me) {
  byte times = 0;
  do
  :: times < 2 -> times++;
     if
     :: atomic { reviewing && running && right[me] && DISINTERESTED(me) ->
          KEEPS(me) = true; count(0);
          if
          :: n >= QUORUM || !opens -> running = false; kept = true; reviewing = false; closedBy = me;
             assert(!opens || OTHERS(0) >= QUORUM)
          :: else
          fi; sound() }
     :: atomic { reviewing && right[me] && DISINTERESTED(me) -> reviewing = false; closedBy = me; sound() }
     :: atomic { reviewing && right[me] && DISINTERESTED(me) ->
          reviewing = false; closedBy = me;
          if
          :: running -> take_back(me)
          :: else
          fi; sound() }
     :: skip
     fi
  :: break
  od
}

/* The job at its instant, or the sweep after it. */
proctype Clock() {
  do
  :: atomic { running -> take_back(NOBODY); sound(); break }
  :: atomic { breaker != NOBODY && !running -> break }
  od
}

/* Votes for opening again what was closed; anybody may end that, and then it stays closed. */
proctype Backer(byte me) {
  if
  :: atomic { reopening && right[me] && DISINTERESTED(me) && me != asker ->
       BACKS(me) = true; count(PEOPLE);
       if
       :: n >= QUORUM -> reopening = false; shut = false; reopened = true;
          assert(OTHERS(PEOPLE) >= QUORUM && (asker == NOBODY || !BACKS(asker)))
       :: else
       fi; sound() }
  :: atomic { reopening -> reopening = false; sound() }
  :: skip
  fi
}

proctype Demoter() {
  if
  :: atomic { right[2] = false } -> if :: atomic { right[2] = true } :: skip fi
  :: atomic { right[3] = false } -> if :: atomic { right[3] = true } :: skip fi
  :: skip
  fi
}

/* Another change of the same thing, which is as grave as this one: enough others must be there to approve it. */
proctype Later() {
  byte others = 0;
  if
  :: atomic { running ->
       i = 0;
       do
       :: i < PEOPLE -> if :: right[i] && DISINTERESTED(i) -> others++ :: else fi; i++
       :: else -> break
       od;
       i = 0;
       if
       :: others >= QUORUM -> later = true
       :: else
       fi;
       others = 0; sound() }
  :: skip
  fi
}

/* When nothing moves any more its time is over. */
proctype Last() {
  timeout -> assert(!running)
}

init {
  atomic {
    right[AUTHOR] = true; right[1] = true; right[2] = true; right[3] = true; right[4] = true;
    if
    :: opens = true
    :: closes = true
    :: opens = true; closes = true
    fi;
    /* Some had approved it before; too few, or nobody would break the glass. */
    if :: KEEPS(1) = true :: KEEPS(2) = true :: skip fi;
    if :: run Glass(AUTHOR) :: run Glass(1) fi;
    run Reviewer(2); run Reviewer(3); run Clock();
    run Backer(1); run Backer(2); run Backer(3); run Backer(4);
    run Demoter(); run Later(); run Last();
  }
}
