/* Draws the page's charts (charts.ts makes the data). Runs in the reader's browser, after uPlot. */
(() => {
  'use strict';
  const charts = JSON.parse(document.getElementById('chart-data').textContent);
  const HEIGHT = 230;
  const dots = window.devicePixelRatio || 1;

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  function inUnit(unit, value) {
    if (value === null || value === undefined) return '';
    switch (unit) {
      case 'ms':
        return Math.abs(value) >= 1000
          ? `${Number((value / 1000).toPrecision(3))} s`
          : `${Number(value.toPrecision(3))} ms`;
      case 's':
        return `${Number(value.toFixed(1))} s`;
      case 'share':
        return `${Number((value * 100).toPrecision(3))} %`;
      case 'EUR':
        return value === 0
          ? '0'
          : value.toFixed(Math.max(0, Math.min(8, 2 - Math.floor(Math.log10(Math.abs(value))))));
      default:
        return String(Number(value.toPrecision(3)));
    }
  }

  /** Upright dashed lines with a word at the top, as the percentiles of a distribution. */
  function drawMarks(plot, marks) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.setLineDash([4 * dots, 3 * dots]);
    ctx.lineWidth = dots;
    ctx.font = `${11 * dots}px system-ui, sans-serif`;
    ctx.textBaseline = 'top';
    const words = [...new Set(marks.map(({ label }) => label))];
    const several = new Set(marks.map(({ variant }) => variant)).size > 2;
    for (const { x, label, variant, place } of marks) {
      const left = plot.valToPos(x, 'x', true);
      if (left < bbox.left || left > bbox.left + bbox.width) continue;
      ctx.strokeStyle = ctx.fillStyle = colour(`v${place}`);
      ctx.beginPath();
      ctx.moveTo(left, bbox.top);
      ctx.lineTo(left, bbox.top + bbox.height);
      ctx.stroke();
      // Two variants' percentiles are close together: one label on each side; p50 and p95 may meet too: a line each. Of more
      // variants each has lines of its own, with its name.
      const line = words.indexOf(label) + (several ? words.length * place : 0);
      const top = bbox.top + (2 + 14 * line) * dots;
      const other = marks.find((mark) => mark.label === label && mark.variant !== variant);
      const leftwards =
        several || other === undefined ? false : x < other.x || (x === other.x && place === 0);
      ctx.textAlign = leftwards ? 'right' : 'left';
      ctx.fillText(several ? `${label} ${variant}` : label, left + (leftwards ? -4 : 4) * dots, top);
    }
    ctx.restore();
  }

  /** From zero, so that heights compare; but costs differ in their last digits, and a line needs no zero. */
  function range(chart, low, high) {
    if (low === null || high === null) return [0, 1];
    const pad = (high - low) * 0.25 || high * 0.1 || 1;
    return chart.y_unit === 'EUR' ? [Math.max(0, low - pad), high + pad] : [0, high * 1.15 || 1];
  }

  function draw(chart) {
    const box = document.querySelector(`#chart-${chart.id} .plot`);
    const width = box.clientWidth;
    box.replaceChildren();
    const axis = {
      stroke: colour('soft'),
      grid: { stroke: colour('rule'), width: 1 },
      ticks: { show: false },
      font: '12px system-ui, sans-serif',
    };
    const plot = new uPlot(
      {
        width,
        height: HEIGHT,
        scales: { x: { time: false }, y: { range: (_, low, high) => range(chart, low, high) } },
        legend: { live: true, markers: { show: true, width: 2 } },
        cursor: { points: { size: 6 }, drag: { setScale: false } },
        axes: [
          {
            ...axis,
            values: (_, ticks) => ticks.map((tick) => inUnit(chart.x_unit, tick)),
            space: 56,
            size: 34,
          },
          {
            ...axis,
            values: (_, ticks) => ticks.map((tick) => inUnit(chart.y_unit, tick)),
            size: chart.y_unit === 'EUR' ? 74 : 58,
          },
        ],
        series: [
          {
            label: chart.x_unit === 'ms' ? 'latency' : 'time',
            value: (_, value) => inUnit(chart.x_unit, value),
          },
          ...chart.lines.map(({ label, place, dash, dashed }) => ({
            label,
            stroke: colour(`v${place}`),
            // A variant that is told by its dashes has its second figure thinner.
            width: dashed === true && dash.length > 0 ? 0.9 : 1.6,
            points: { show: false },
            value: (_, value) => inUnit(chart.y_unit, value),
            ...(dash.length > 0 ? { dash } : dashed === true ? { dash: [5, 4] } : {}),
            ...(chart.stepped === true
              ? { fill: `${colour(`v${place}`)}33`, paths: uPlot.paths.stepped({ align: 1 }) }
              : {}),
          })),
        ],
        hooks: { draw: [(self) => drawMarks(self, chart.marks)] },
      },
      [chart.x, ...chart.lines.map(({ values }) => values)],
      box,
    );
    return { plot, box };
  }

  let drawn = charts.map(draw);
  const redraw = () => {
    for (const { plot } of drawn) plot.destroy();
    drawn = charts.map(draw);
  };
  new ResizeObserver(() => {
    for (const { plot, box } of drawn)
      if (box.clientWidth > 0 && box.clientWidth !== plot.width)
        plot.setSize({ width: box.clientWidth, height: HEIGHT });
  }).observe(document.body);
  // Canvases keep the colours that they were drawn with: a changed scheme, or paper, needs them anew.
  for (const query of ['(prefers-color-scheme: dark)', 'print'])
    window.matchMedia(query).addEventListener('change', redraw);
})();
