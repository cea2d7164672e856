/**
 * Property tests draw the same cases in every run, so that a change is judged by what it did and not by the draw. `CREEL_TEST_SEED`
 * roams: a number for one draw, `random` for another each time; what fails there becomes a test of its own.
 */
import fc from "fast-check";

const FIXED_SEED = 20_260_101;

const asked = process.env.CREEL_TEST_SEED;
if (asked !== "random") fc.configureGlobal({ seed: asked === undefined ? FIXED_SEED : Number(asked) });
