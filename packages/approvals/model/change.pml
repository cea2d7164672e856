/*
 * A change, somebody who edits it, three who vote (the editor is one of them) and somebody who takes rights away, all at once. Each transaction of the server is one
 * atomic step, as serialisable transactions are; what lies between two transactions is left to chance.
 *
 * What must hold: a change is applied only while two different persons, neither of whom wrote any of it, approve the digest
 * that is applied, hold the right at that moment, and the base is the one it was proposed on. Or the glass was broken, and
 * then a review is open or was closed by somebody who took no part.
 *
 * spin -a change.pml && cc -O2 -DSAFETY -DCOLLAPSE -o pan pan.c && ./pan -m400000
 */
#define PEOPLE 4
#define QUORUM 2
#define EDITS_MAX 1
#define MOVES_MAX 1
#ifndef VOTES_MAX
#define VOTES_MAX 1
#endif

mtype = { open, approved, applied, rejected, superseded, withdrawn };
mtype state = open;

byte digest = 1;          /* grows with each edit: nothing ever has an old digest again */
byte base = 1;            /* what is there */
byte stoodOn = 1;         /* what the change stands on */
bool right[PEOPLE];       /* may approve, now */
bool wrote[PEOPLE];       /* author or editor, for ever */
byte voted[PEOPLE];       /* the digest this person approved last; 0 none */
bool refused = false;
bool due = false;         /* its time has come */
byte edits = 0, moves = 0;
bool reviewOpen = false;
byte breaker = 255;

/* Of one step alone, so no part of the state. */
hidden byte n, i;

inline counts() {
  n = 0; i = 0;
  do
  :: i < PEOPLE -> if
     :: voted[i] == digest && right[i] && !wrote[i] -> n++
     :: else
     fi; i++
  :: else -> break
  od;
  i = 0
}

/* Applying, with what must be true of it said apart from what led here. */
inline put_in_force() {
  counts();
  assert(n >= QUORUM);
  assert(stoodOn == base);
  assert(due && !refused);
  state = applied;
  base++
}

/* The one place where a change moves: the table of transitions, with everything counted again. */
inline settle() {
  if
  :: state == open || state == approved ->
     if
     :: stoodOn != base -> state = superseded
     :: else ->
        counts();
        if
        :: refused -> state = rejected
        :: !refused && n >= QUORUM && due -> put_in_force()
        :: !refused && n >= QUORUM && !due -> state = approved
        :: !refused && n < QUORUM -> state = open
        fi
     fi
  :: else
  fi
}

proctype Voter(byte me) {
  byte looked, times = 0;
  do
  :: times < VOTES_MAX ->
     atomic { looked = digest; times++ }              /* sees the page */
     if
     :: atomic { (state == open || state == approved) && looked == digest && right[me] && !wrote[me] ->
          voted[me] = digest; settle() }
     :: atomic { state == open && looked == digest && right[me] && !wrote[me] -> refused = true; settle() }
     :: skip                                          /* thinks on; the page grows old */
     fi;
     looked = 0
  :: break
  od
}

proctype Writer(byte me) {
  if
  :: atomic { edits < EDITS_MAX && (state == open || state == approved) ->
       edits++; digest++; stoodOn = base; wrote[me] = true; refused = false; state = open }
  :: atomic { state == open || state == approved -> state = withdrawn }
  :: skip
  fi
}

/* Somebody else's change of the same thing. */
proctype Mover() {
  if
  :: atomic { moves < MOVES_MAX -> moves++; base++ }
  :: skip
  fi
}

proctype Demoter() {
  /* Takes a right away, and may give it back. */
  if
  :: atomic { right[1] = false } -> if :: atomic { right[1] = true } :: skip fi
  :: atomic { right[2] = false } -> if :: atomic { right[2] = true } :: skip fi
  :: skip
  fi
}

/* The job at the change's instant, and the sweep. */
proctype Clock() {
  atomic { due = true; settle() }
  atomic { settle() }
}

proctype Glass(byte me) {
  byte looked;
  atomic { looked = digest }
  if
  :: atomic { (state == open || state == approved) && looked == digest && stoodOn == base ->
       reviewOpen = true; breaker = me; state = applied; base++ }
  :: skip
  fi
}

proctype Reviewer(byte me) {
  if
  :: atomic { reviewOpen && right[me] && !wrote[me] && me != breaker -> reviewOpen = false; assert(me != breaker && !wrote[me]) }
  :: skip
  fi
}

init {
  atomic {
    right[0] = true; right[1] = true; right[2] = true; right[3] = true;
    wrote[0] = true;                                  /* the author */
    run Writer(1); run Voter(1); run Voter(2); run Voter(3);
    run Mover(); run Demoter(); run Clock(); run Glass(0); run Reviewer(2);
  }
}
