import { describe, expect, it } from 'vitest';
import { leftOut } from './desk.ts';
import { play } from './scene.ts';
import { brokerScenes } from './scenes-broker.ts';
import { developmentScenes } from './scenes-development.ts';
import { distributedScenes } from './scenes-distributed.ts';
import { standaloneScenes } from './scenes-standalone.ts';

const ran = new Set<string>();
const scenes = [...standaloneScenes, ...developmentScenes, ...brokerScenes, ...distributedScenes];

describe('the commands of the pages, as they stand there', () => {
  it.each(scenes.map((scene) => [scene.name, scene] as const))('%s', async (_, scene) => {
    await play(scene, ran);
  }, 480_000);

  it('have all been run that no mark excepts', () => {
    expect(leftOut(ran, 'npm test')).toEqual([]);
  });
});
