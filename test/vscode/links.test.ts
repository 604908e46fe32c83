import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { BoxliteStandIn } from '../clouds/boxlite/server';
import { addCloud } from './host/addCloud';
import { useEditor } from './host/useEditor';
import type { Workbench } from './host/workbench';

describe('Links to sandboxes in a real VS Code', function () {
  this.timeout(90_000);

  const editor = useEditor();
  /** Whether the cloud leaves questions for one sandbox without an answer. */
  let isSilent = false;
  const intercept = ({ url = '' }: IncomingMessage): boolean =>
    isSilent && url.endsWith(cloud.boxes[0]!.box_id);
  const cloud = new BoxliteStandIn({ token: 'token', binaryOutput: true, intercept });
  const unknownCloud = new BoxliteStandIn({ token: 'other token', binaryOutput: true });
  let workbench: Workbench;
  /** As it was copied: to the sandbox "near". */
  let link: URL;

  before(async () => {
    ({ workbench } = editor);
    for (const [each, name] of [[cloud, 'near'] as const, [unknownCloud, 'far'] as const]) {
      await each.start();
      each.addBox({ name });
    }
    await workbench.openView('Cloud Sandboxes');
    await addCloud(workbench, cloud.url, 'token');
    await workbench.row('near', 'running').waitFor();
  });
  after(() => Promise.all([cloud.stop(), unknownCloud.stop()]));

  /** The link that was copied, but for these parts of it. */
  function linkWith(parts: Readonly<Record<string, string>>): string {
    const changed = new URL(link);
    for (const [name, value] of Object.entries(parts)) changed.searchParams.set(name, value);
    return changed.href;
  }

  const linkToUnknownCloud = (): string =>
    linkWith({ cloud: unknownCloud.url, sandbox: unknownCloud.boxes[0]!.box_id });

  const question = 'a cloud that you are not signed in to';

  it('are copied from the list, and hold no secret', async () => {
    link = new URL(await workbench.copiedBy(() => workbench.contextMenu(workbench.row('near'), 'Copy Link')));
    assert.equal(link.host + link.pathname, 'cloud-sandboxes.cloud-sandboxes/open');
    assert.deepEqual([...link.searchParams.keys()], ['cloud', 'user', 'sandbox']);
  });

  it('open the sandbox that they name', async () => {
    await workbench.openLink(link.href);
    await workbench.clickNotification('cannot open a sandbox as a folder', 'Open Terminal');
    await workbench.row('near', 'running, connected').waitFor();
  });

  it('open it for somebody else than the person whose link it is', async () => {
    await workbench.openLink(linkWith({ user: 'a-colleague' }));
    await workbench.clickNotification('cannot open a sandbox as a folder', 'Open Terminal');
    await workbench.waitForTerminals(2);
  });

  it('offer to sign in as that person where the sandbox is hidden from others', async () => {
    await workbench.openLink(linkWith({ user: 'a-colleague', sandbox: 'hidden' }));
    await workbench.notification('not found').waitFor();
    await workbench.screenshot('link-of-another-user');
    await workbench.clickNotification('not found', 'Sign In as Another User');
    await workbench.pickEntry('BoxLite').waitFor();
    await workbench.page.keyboard.press('Escape');
  });

  it('show that the cloud is being asked, which the person can cancel', async () => {
    isSilent = true;
    await workbench.openLink(link.href);
    await workbench.clickNotification('Opening a link', 'Cancel');
    await workbench.notification('Opening a link').waitFor({ state: 'detached' });
    isSilent = false;
    assert.equal(await workbench.notification('Cannot open').count(), 0);
  });

  it('are refused with a token in them, which then goes nowhere', async () => {
    const requests = cloud.requests.length;
    await workbench.openLink(linkWith({ token: 'from-a-stranger' }));
    await workbench.notification('links never carry tokens').waitFor();
    await workbench.screenshot('link-with-token');
    assert.doesNotMatch(cloud.requests.slice(requests).join('\n'), /from-a-stranger/);
  });

  it('say so when the sandbox is not there', async () => {
    await workbench.openLink(linkWith({ sandbox: 'deleted-long-ago' }));
    await workbench.notification('not found').getByRole('button', { name: 'Open Another Sandbox' }).waitFor();
    await workbench.screenshot('link-to-nothing');
  });

  it('ask before they have anything to do with a cloud that is not in the list', async () => {
    await workbench.openLink(linkToUnknownCloud());
    await workbench.dialog().getByText(question).waitFor();
    await workbench.dialog().getByText(unknownCloud.url).waitFor();
    await workbench.screenshot('link-to-unknown-cloud');
    await workbench.dialog().getByRole('button', { name: 'Cancel' }).click();
    await workbench.dialog().waitFor({ state: 'detached' });
    assert.deepEqual(unknownCloud.requests, []);
  });

  it('say that they were not opened when the cloud is not added after all, and can be tried again', async () => {
    await workbench.openLink(linkToUnknownCloud());
    await workbench.dialog().getByRole('button', { name: 'Add Cloud' }).click();
    await workbench.pickEntry('BoxLite').waitFor();
    await workbench.page.keyboard.press('Escape');
    await workbench.clickNotification('The link was not opened', 'Try Again');
    await workbench.dialog().getByText(question).waitFor();
    await workbench.dialog().getByRole('button', { name: 'Cancel' }).click();
    await workbench.dialog().waitFor({ state: 'detached' });
  });

  it('open a sandbox there once the person has signed in', async () => {
    await workbench.openLink(linkToUnknownCloud());
    await workbench.dialog().getByRole('button', { name: 'Add Cloud' }).click();
    await workbench.pick('BoxLite');
    await workbench.page.getByText('(1/2)').waitFor();
    await workbench.page.keyboard.press('Enter');
    await workbench.answer('(2/2)', 'other token');
    await workbench.row('far', 'running').waitFor();
    await workbench.clickNotification('cannot open a sandbox as a folder', 'Open Terminal');
    await workbench.row('far', 'running, connected').waitFor();
  });

  it('ask before they start the local cloud', async () => {
    await workbench.openLink(linkWith({ cloud: 'local' }));
    await workbench.dialog().getByText('a sandbox of the local cloud, which is not in your list').waitFor();
    await workbench.dialog().getByRole('button', { name: 'Cancel' }).click();
    await workbench.dialog().waitFor({ state: 'detached' });
    assert.equal(await workbench.row('This computer').count(), 0);
  });
});
