import type { Check } from '../check.ts';
import { expectNone } from '../check.ts';
import type { Cluster } from '../cluster.ts';
import { leftOut } from '../docs/desk.ts';
import { play, type Scene } from '../docs/scene.ts';
import { clusterScenes } from '../docs/scenes-cluster.ts';
import { grpcurlScenes } from '../docs/scenes-grpcurl.ts';
import { machineScenes } from '../docs/scenes-machine.ts';
import { MissingTool } from '../tools.ts';

/** The commands of the pages that want more than `npm test` has. */
export function docsChecks(cluster: () => Promise<Cluster>): readonly Check[] {
  const ran = new Set<string>();
  let missing: MissingTool | undefined;
  const playOrMiss = async (scene: Scene): Promise<void> => {
    try {
      await play(scene, ran);
    } catch (error) {
      if (error instanceof MissingTool) missing = error;
      throw error;
    }
  };
  const scenes = [...grpcurlScenes, ...machineScenes, ...clusterScenes(cluster)];
  return [
    ...scenes.map((scene) => ({ name: `pages: ${scene.name}`, run: () => playOrMiss(scene) })),
    {
      name: 'pages: no command that is marked to be run here was left out',
      run: () => {
        const lines = leftOut(ran, 'npm run test:deploy');
        if (missing !== undefined && lines.length > 0) throw new MissingTool(`not run: ${lines.join(', ')}: ${missing.message}`);
        return Promise.resolve(expectNone(lines));
      },
    },
  ];
}
