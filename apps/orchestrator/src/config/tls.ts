import type { TlsConfig } from './config.ts';
import { fileFault, folderFault } from './findings.ts';
import type { Findings } from './findings.ts';
import { settings } from './settings.ts';
import type { SettingKey, Values } from './settings.ts';

/** The TLS settings, checked against each other and against the files that they name. */
export function tlsOf(values: Values, findings: Findings): TlsConfig {
  checkSwitches(values, findings);
  if (values.tlsEnabled) checkFiles(values, findings);
  return {
    enabled: values.tlsEnabled,
    certPath: values.tlsCertPath,
    keyPath: values.tlsKeyPath,
    mtls: values.mtlsEnabled,
    serverCaCert: values.tlsServerCaCert,
    clientCaCertDir: values.tlsClientCaCertDir,
    verifyClientMspId: values.verifyClientMspId,
  };
}

function checkSwitches(values: Values, { problems, warnings }: Findings): void {
  const { tlsEnabled, mtlsEnabled, verifyClientMspId } = values;
  if (mtlsEnabled && !tlsEnabled) problems.push(needs('mtlsEnabled', 'tlsEnabled'));
  if (verifyClientMspId && !mtlsEnabled) problems.push(needs('verifyClientMspId', 'mtlsEnabled'));
  if (mtlsEnabled && !verifyClientMspId) {
    warnings.push(
      `${settings.mtlsEnabled.name} without ${settings.verifyClientMspId.name}: ` +
        'a client with any accepted certificate may speak for every organization',
    );
  }
}

function needs(key: SettingKey, other: SettingKey): string {
  return `${settings[key].name} is true: ${settings[other].name} should be true then, too`;
}

function checkFiles(values: Values, { problems }: Findings): void {
  for (const key of ['tlsCertPath', 'tlsKeyPath', 'tlsServerCaCert'] as const) {
    const path = values[key];
    if (path !== undefined) problems.push(...fileFault(settings[key].name, path));
    else if (key !== 'tlsServerCaCert')
      problems.push(`${settings[key].name} is missing: ${settings.tlsEnabled.name} needs it`);
  }
  if (!values.mtlsEnabled) return;
  const { name } = settings.tlsClientCaCertDir;
  if (values.tlsClientCaCertDir === undefined)
    problems.push(`${name} is missing: ${settings.mtlsEnabled.name} needs it`);
  else problems.push(...folderFault(name, values.tlsClientCaCertDir));
}
