// MapLibre draws the maps where the browser has WebGL; elsewhere its code is not even asked for.

import { _ } from "./words.js";

/** Settled once MapLibre has come, or will not. The page asks for this module by itself, so that it comes beside the others. */
export const library = hasWebGL() ? load("/vendor/maplibre-gl.js") : Promise.resolve();

function hasWebGL() {
  const sheet = document.createElement("canvas");
  const context = sheet.getContext("webgl2") || sheet.getContext("webgl");
  context?.getExtension("WEBGL_lose_context")?.loseContext(); // a browser has only some
  return Boolean(context);
}

function load(address) {
  return new Promise((done, fail) => {
    const script = document.createElement("script");
    script.addEventListener("load", () => done());
    script.addEventListener("error", () => fail(new Error(_("The map's code did not load."))));
    script.src = address;
    document.head.append(script);
  });
}
