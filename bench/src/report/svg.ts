/** What something costs as something else grows. */
export interface Curve {
  /** File name of the plot, without its ending. */
  readonly name: string;
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** In ascending order of x. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

const WIDTH = 640;
const HEIGHT = 360;
const MARGIN = { left: 70, right: 20, top: 40, bottom: 50 } as const;
const TICKS = 4;
/** Above this ratio between the largest and the smallest x, they stand on a logarithmic scale. */
const LOGARITHMIC = 100;

type Scale = (value: number) => number;

function createScale(from: readonly [number, number], to: readonly [number, number], isLogarithmic: boolean): Scale {
  const place = isLogarithmic ? Math.log10 : (value: number): number => value;
  const [low, high] = [place(from[0]), place(from[1])];
  return (value) => to[0] + ((place(value) - low) / (high - low || 1)) * (to[1] - to[0]);
}

function format(value: number): string {
  return value >= 10 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(2)));
}

function text(x: number, y: number, content: string, attributes = 'text-anchor="middle"'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${content}</text>`;
}

/** A plot as SVG. The y axis begins at 0. */
export function toSvg({ title, xLabel, yLabel, points }: Curve): string {
  const xs = points.map(([x]) => x);
  const range = [Math.min(...xs), Math.max(...xs)] as const;
  const top = Math.max(...points.map(([, y]) => y)) * 1.1 || 1;
  const bottom = HEIGHT - MARGIN.bottom;
  const right = WIDTH - MARGIN.right;
  const isLogarithmic = range[0] > 0 && range[1] / range[0] >= LOGARITHMIC;
  const toX = createScale(range, [MARGIN.left, right], isLogarithmic);
  const toY = createScale([0, top], [bottom, MARGIN.top], false);
  const line = points.map(([x, y]) => `${toX(x).toFixed(1)},${toY(y).toFixed(1)}`);
  const grid = Array.from({ length: TICKS + 1 }, (_, tick) => (top * tick) / TICKS).map((y) => {
    const at = toY(y);
    const label = text(MARGIN.left - 8, at + 4, format(y), 'text-anchor="end"');
    return `<line x1="${MARGIN.left}" x2="${right}" y1="${at.toFixed(1)}" y2="${at.toFixed(1)}" stroke="#ddd"/>${label}`;
  });
  const labelled = points.length > 8 ? points.filter((_, index) => index % Math.ceil(points.length / 6) === 0) : points;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(WIDTH / 2, 22, title, 'text-anchor="middle" font-size="15"'),
    ...grid,
    ...labelled.map(([x]) => text(toX(x), bottom + 18, format(x))),
    text(WIDTH / 2, HEIGHT - 10, xLabel),
    text(14, HEIGHT / 2, yLabel, `text-anchor="middle" transform="rotate(-90 14 ${HEIGHT / 2})"`),
    `<polyline points="${line.join(' ')}" fill="none" stroke="#1f6feb" stroke-width="2"/>`,
    ...points.map(([x, y]) => `<circle cx="${toX(x).toFixed(1)}" cy="${toY(y).toFixed(1)}" r="3" fill="#1f6feb"/>`),
    '</svg>',
    '',
  ].join('\n');
}
