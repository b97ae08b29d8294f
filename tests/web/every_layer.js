async ({ zoom, areas = false, difference = false, theme = "light" }) => {
  const { views } = await import("/static/stage.js");
  const { layers } = await import("/static/layers.js");
  if (theme !== document.documentElement.dataset.theme) document.getElementById("theme").click();
  const [view] = views();
  const feature = (type, coordinates, properties) => ({ type: "Feature", properties, geometry: { type, coordinates } });
  const all = (features) => ({ type: "FeatureCollection", features });
  const numbers = (count) => Array.from({ length: count }, (_, at) => at);
  const spot = (at) => [69.2 + ((at * 7) % 11) * 0.16, 29.4 + ((at * 5) % 13) * 0.1];
  const shares = [0, 0.05, 0.3, 0.8];
  const cell = (at) => {
    const [west, south] = [69.1 + (at % 8) * 0.22, 29.3 + Math.floor(at / 8) * 0.2];
    const ring = (inset) => {
      const [left, low, right, high] = [west + inset, south + inset, west + 0.22 - inset, south + 0.2 - inset];
      return [[left, low], [right, low], [right, high], [left, high], [left, low]];
    };
    return at % 5 ? [ring(0)] : [ring(0), ring(0.07)]; // some have a hole
  };
  const row = (at) => [[69 + at * 0.03, 29.2], [69.6 + at * 0.1, 30.1], [70.4 + at * 0.1, 30.7]];
  const of = (kinds, from) => all(kinds.map((kind, at) => feature("LineString", row(at + from), { kind })));
  await view.dress({ theme, limits: areas ? [2, 5, 10, 40] : [], mean: 20, count: 60, areas, difference });
  await Promise.all([
    view.put("areas", areas ? all(numbers(48).map((at) => feature("Polygon", cell(at), { density: (at * at) % 60, covered_share: shares[at % 4], difference_b: (at % 13) / 10 - 0.6 }))) : null),
    view.put("ways", of(["way"], 9)),
    view.put("islands", of(["island"], 10)),
    view.put("backhaul", of(["line"], 11)),
    view.putAround({ lines: of(["water", "roads", "borders"], 6), world: { lines: of(["coast", "border", "disputed", "river", "lake", "province"], 0), towns: all(numbers(3).map((at) => feature("Point", spot(at + 20), { name: `Town ${at}`, order: at }))) } }),
    view.put("demand", all(numbers(60).map((at) => feature("Point", spot(at), { need: at * 3, covered_share: shares[at % 4], difference_b: (at % 13) / 10 - 0.6 })))),
    view.put("crowd", null),
    view.put("sites", all(numbers(9).map((at) => feature("Point", spot(at + 70), { site_id: `S${at}`, status: at % 2 ? "existing" : "candidate" })))),
    view.showHubs(
      all(numbers(12).map((at) => feature("Point", spot(at * 11 + 3), { site_id: `H${at}`, name: `Hub ${at}`, tier: `t${at % 6}`, hubs: 1 + (at % 3), status: at % 4 ? "new" : "existing", radius_km: 6 + at, covered_need: at, link: ["satellite", "fibre", "cellular"][at % 3] }))),
      ["t0", "t1", "t2", "t3", "t4", "t5"],
    ),
    view.put("marks", all(numbers(4).map((at) => feature("Point", spot(at + 90), { site_id: `M${at}`, mark: at % 2 ? "required" : "excluded" })))),
    view.put("selected", all([feature("Point", spot(95), {})])),
  ]);
  view.toggle(layers(view.setup).map(({ id }) => id).filter((id) => id !== "ground"), true);
  view.map.jumpTo({ center: [70, 30], zoom });
};
