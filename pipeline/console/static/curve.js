// Draws the equity of an account, with a line where a stop, a control or new limits explain a bend.
"use strict";

const place = document.getElementById("curve");
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function marks(found) {
  return (chart) => {
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.setLineDash([4, 4]);
    for (const marker of found.markers) {
      const x = chart.valToPos(marker.at_ms / 1000, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.strokeStyle = color(marker.kind === "stop" ? "--bad" : "--warn");
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  };
}

function draw(found) {
  place.replaceChildren();
  if (found.at_ms.length < 2) {
    place.textContent = "There are too few events for a curve.";
    return;
  }
  const axis = { stroke: color("--dim"), grid: { stroke: color("--rule") }, ticks: { stroke: color("--rule") } };
  const options = {
    width: place.clientWidth,
    height: 260,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    hooks: { draw: [marks(found)] },
    scales: { ratio: { range: (_, low, high) => [0, Math.max(high, 0.001) * 4] } },
    series: [
      { label: "UTC" },
      { label: "equity", stroke: color("--fill"), width: 2 },
      { label: "drawdown", stroke: color("--near"), fill: `${color("--near")}33`, scale: "ratio",
        value: (_, ratio) => (ratio == null ? "" : `${(100 * ratio).toFixed(2)} %`) },
    ],
    axes: [axis, { ...axis, size: 80 }, { ...axis, scale: "ratio", side: 1, size: 60, grid: { show: false },
      values: (_, ratios) => ratios.map((ratio) => `${(100 * ratio).toFixed(1)} %`) }],
  };
  new uPlot(options, [found.at_ms.map((ms) => ms / 1000), found.equity, found.drawdown_ratio], place);
}

async function refresh() {
  const answer = await fetch(place.dataset.curve);
  if (answer.ok) draw(await answer.json());
}

refresh();
setInterval(refresh, 10000);
addEventListener("resize", refresh);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", refresh);
