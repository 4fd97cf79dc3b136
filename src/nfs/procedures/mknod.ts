import type { AttributeChange, SpecialNode } from '../../vfs/file-system.ts';
import { fileTypes, readAttributeChange } from '../attributes.ts';
import { nfsError } from '../nfs-error.ts';
import type { Procedure } from '../procedure.ts';
import type { XdrReader } from '../xdr/reader.ts';

/** MKNOD: makes a FIFO, a socket or a device. */
export const mknod: Procedure = {
  name: 'nfs.mknod',
  failure: ['weak'],
  effect: 'changes',
  repeated: 'remembered',
  run(call) {
    const directory = call.file();
    call.watch(directory);
    const name = call.name();
    const { node, attributes } = readNode(call.arguments);
    call.writeMade(call.fileSystem.makeSpecial(call.caller, directory, name, node, attributes));
    return undefined;
  },
};

function readNode(reader: XdrReader): { node: SpecialNode; attributes: AttributeChange } {
  const type = reader.uint32();
  if (type === fileTypes.fifo || type === fileTypes.socket) {
    const node: SpecialNode = { type: type === fileTypes.fifo ? 'fifo' : 'socket' };
    return { node, attributes: readAttributeChange(reader) };
  }
  if (type === fileTypes['character-device'] || type === fileTypes['block-device']) {
    const attributes = readAttributeChange(reader);
    const device = { major: reader.uint32(), minor: reader.uint32() };
    const block = type === fileTypes['block-device'];
    return { node: { type: block ? 'block-device' : 'character-device', device }, attributes };
  }
  throw nfsError('nfs/bad-type');
}
