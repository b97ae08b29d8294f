// Answers come in any order: only the one to what was asked last may change the page.

/** Return what gives each thing asked its turn: a function that tells whether it still is the last one. */
export function turns() {
  let last = 0;
  return () => {
    last += 1;
    const own = last;
    return () => own === last;
  };
}

/** What the map and the panel show: a scenario, a plan, a curve or a comparison, one at a time. */
export const takeView = turns();
