// Draws the equity of an account, with a line where a stop, a control, new limits or money that came
// or went explain a bend; the line nearest to the pointer says below the drawing what it is.
"use strict";

const place = document.getElementById("curve");
const said = document.getElementById("mark");
const COLORS = { stop: "--bad", resume: "--good", control: "--warn", limits: "--link", flow: "--ink" };
const NEAR_PIXELS = 12;
let chart = null;
let markers = [];

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const utc = (ms) => new Date(ms).toISOString().slice(0, 19).replace("T", " ");

function drawMarks({ ctx, bbox, valToPos }) {
  ctx.save();
  ctx.lineWidth = Math.max(1, Math.round(devicePixelRatio));
  for (const marker of markers) {
    const x = Math.round(valToPos(marker.at_ms / 1000, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = color(COLORS[marker.kind]);
    ctx.setLineDash(marker.kind === "stop" ? [] : [4, 4]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

function sayMark({ cursor: { left }, valToPos }) {
  const apart = ({ at_ms: ms }) => Math.abs(valToPos(ms / 1000, "x") - left);
  const distance = left < 0 ? NEAR_PIXELS : Math.min(...markers.map(apart));
  const near = distance < NEAR_PIXELS ? markers.filter((marker) => apart(marker) < distance + 1) : [];
  // Newest first, as the list is: a stop and what followed from it share a line.
  said.textContent = near.map(({ at_ms: ms, text }) => `${utc(ms)} UTC: ${text}`).join("; ");
}

function times(_, seconds) {
  const isLong = seconds.at(-1) - seconds[0] > 86400;
  return seconds.map((each) => (isLong ? utc(each * 1000).slice(5, 16) : utc(each * 1000).slice(11)));
}

function options() {
  const axis = { stroke: color("--dim"), grid: { stroke: color("--rule") }, ticks: { stroke: color("--rule") } };
  const line = { points: { show: false } };
  return {
    width: place.clientWidth,
    height: 260,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    hooks: { draw: [drawMarks], setCursor: [sayMark] },
    scales: { ratio: { range: (_, low, high) => [0, Math.max(high, 0.001) * 4] } },
    series: [
      { label: "UTC", value: (_, seconds) => (seconds == null ? "" : utc(seconds * 1000)) },
      { ...line, label: "equity", stroke: color("--fill"), width: 2,
        value: (_, equity) => (equity == null ? "" : equity.toLocaleString("en", { maximumFractionDigits: 2 })) },
      { ...line, label: "drawdown", stroke: color("--near"), fill: `${color("--near")}33`, scale: "ratio",
        value: (_, ratio) => (ratio == null ? "" : `${(100 * ratio).toFixed(2)} %`) },
    ],
    axes: [{ ...axis, space: 80, values: times }, { ...axis, size: 80 }, { ...axis, scale: "ratio", side: 1, size: 60, grid: { show: false },
      values: (_, ratios) => ratios.map((ratio) => `${(100 * ratio).toFixed(1)} %`) }],
  };
}

function draw(found) {
  const values = [found.at_ms.map((ms) => ms / 1000), found.equity, found.drawdown_ratio];
  markers = found.markers;
  // New values in the same drawing: the pointer keeps its place.
  if (chart) return chart.setData(values);
  const isEmpty = found.at_ms.length < 2;
  place.textContent = isEmpty ? "There are too few events for a curve." : "";
  if (!isEmpty) chart = new uPlot(options(), values, place);
}

async function refresh() {
  // Without an answer the drawing stays as it is, and the banner says that it may be old.
  const answer = await fetch(place.dataset.curve).catch(() => null);
  if (answer?.ok) draw(await answer.json());
}

function drawAgain() {
  chart?.destroy();
  chart = null;
  refresh();
}

refresh();
setInterval(refresh, 2000);
addEventListener("resize", drawAgain);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAgain);
