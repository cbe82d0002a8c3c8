import { type Cost, sumGroups } from './costs.ts';
import { Group } from './groups.ts';

const WIDTH = 1200;
const ROW_HEIGHT = 17;
const TOP = 34;
const LEGEND_COLUMNS = 3;
const CHARACTER_WIDTH = 6.1;
/** Narrower ones are left out. */
const LEAST_WIDTH = 2;

const COLOURS: Readonly<Record<Group, string>> = {
  [Group.Decoding]: '#7fb3d5',
  [Group.Logic]: '#f5b041',
  [Group.Encoding]: '#76d7c4',
  [Group.Store]: '#f1948a',
  [Group.Driver]: '#c39bd3',
  [Group.Grpc]: '#a9cce3',
  [Group.Server]: '#f7dc6f',
  [Group.Garbage]: '#99a3a4',
  [Group.Node]: '#d5d8dc',
  [Group.Idle]: '#ffffff',
};

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escape(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => escapes[character] ?? '');
}

/** The time that something is drawn for, without what is idle. */
function busyMs({ group, totalMs, callees }: Cost): number {
  if (group === Group.Idle) return 0;
  return totalMs - callees.reduce((sum, callee) => sum + (callee.totalMs - busyMs(callee)), 0);
}

interface Box {
  readonly cost: Cost;
  readonly x: number;
  readonly depth: number;
  readonly width: number;
}

/** Callers above what they call, as wide as the time that they took with it. */
function layOut(all: Cost): readonly Box[] {
  const perMs = WIDTH / (busyMs(all) || 1);
  const boxes: Box[] = [];
  const place = (cost: Cost, left: number, depth: number): number => {
    const width = busyMs(cost) * perMs;
    if (width < LEAST_WIDTH) return width;
    boxes.push({ cost, x: left, depth, width });
    let x = left;
    for (const callee of cost.callees) x += place(callee, x, depth + 1);
    return width;
  };
  let x = 0;
  for (const cost of all.callees) x += place(cost, x, 0);
  return boxes;
}

function draw({ cost, x, depth, width }: Box, top: number, wholeMs: number): string {
  const y = top + depth * ROW_HEIGHT;
  const share = ((100 * busyMs(cost)) / wholeMs).toFixed(1);
  const [label = ''] = cost.name.split(' ');
  const shown = label.slice(0, Math.max(0, Math.floor((width - 4) / CHARACTER_WIDTH)));
  const rect = `<rect x="${x.toFixed(1)}" y="${y}" width="${(width - 0.5).toFixed(1)}" height="${ROW_HEIGHT - 1}" fill="${COLOURS[cost.group]}"/>`;
  const text = shown.length < 3 ? '' : `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${escape(shown)}</text>`;
  return `<g><title>${escape(cost.name)}: ${share} %</title>${rect}${text}</g>`;
}

function drawLegend(costs: Cost, wholeMs: number): readonly string[] {
  return [...sumGroups(costs)]
    .filter(([group, ms]) => group !== Group.Idle && ms > 0)
    .toSorted(([, one], [, other]) => other - one)
    .map(([group, ms], index) => {
      const x = 10 + (index % LEGEND_COLUMNS) * (WIDTH / LEGEND_COLUMNS);
      const y = TOP + Math.floor(index / LEGEND_COLUMNS) * ROW_HEIGHT;
      const rect = `<rect x="${x}" y="${y}" width="12" height="12" fill="${COLOURS[group]}"/>`;
      return `${rect}<text x="${x + 18}" y="${y + 10}">${group}: ${((100 * ms) / wholeMs).toFixed(1)} %</text>`;
    });
}

/** A profile as SVG: width is processor time, what is called stands below its caller, colours are the groups. */
export function toFlameGraph(title: string, costs: Cost): string {
  const wholeMs = busyMs(costs) || 1;
  const boxes = layOut(costs);
  const legend = drawLegend(costs, wholeMs);
  const top = TOP + Math.ceil(legend.length / LEGEND_COLUMNS) * ROW_HEIGHT + 10;
  const height = top + (1 + Math.max(0, ...boxes.map(({ depth }) => depth))) * ROW_HEIGHT + 10;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="${WIDTH / 2}" y="20" text-anchor="middle" font-size="15">${escape(title)}</text>`,
    ...legend,
    ...boxes.map((box) => draw(box, top, wholeMs)),
    '</svg>',
    '',
  ].join('\n');
}
