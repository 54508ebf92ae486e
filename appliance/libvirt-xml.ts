import type { DeviceProof } from '../domain/step-io';

export interface DescribedGuest {
  readonly name: string;
  /** the boot disk first */
  readonly disks: readonly { readonly device: Pick<DeviceProof, 'deviceNode' | 'simulated'> }[];
}

/**
 * A guest's disks as libvirt describes them: what `virt-v2v-in-place -i libvirtxml FILE` reads, to find them and to know what they
 * were called before. It asks for the type of the domain, its name, and of each disk for type, source, format and bus
 * (virt-v2v-in-place(1) "Minimal XML"; virt-v2v's input/parse_libvirt_xml.ml). It takes disks in the order of the file.
 *
 * What is left out on purpose: the firmware, which it then finds out from the disks themselves, and network cards, of which none is
 * needed. Disk keys are VMware's, where disks are on SCSI: the guest knows them as sda, sdb, …
 */
export function libvirtXml({ name, disks }: DescribedGuest): string {
  return [
    "<domain type='vmware'>",
    `  <name>${escaped(name)}</name>`,
    '  <memory>1048576</memory>',
    '  <vcpu>1</vcpu>',
    '  <os>',
    '    <type>hvm</type>',
    "    <boot dev='hd'/>",
    '  </os>',
    '  <features>',
    '    <acpi/>',
    '    <apic/>',
    '    <pae/>',
    '  </features>',
    '  <devices>',
    ...disks.flatMap(({ device: { deviceNode, simulated } }, index) => [
      `    <disk type='${simulated ? 'file' : 'block'}' device='disk'>`,
      "      <driver name='qemu' type='raw'/>",
      `      <source ${simulated ? 'file' : 'dev'}='${escaped(deviceNode)}'/>`,
      `      <target dev='sd${driveLetters(index)}' bus='scsi'/>`,
      '    </disk>',
    ]),
    '  </devices>',
    '</domain>',
    '',
  ].join('\n');
}

/** `a` … `z`, `aa`, `ab`, …: how drives are counted. */
function driveLetters(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : driveLetters(Math.floor(index / 26) - 1) + last;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
};

function escaped(text: string): string {
  // XML 1.0 cannot hold control characters, however they are written.
  return text.replace(/[\u0000-\u001f\u007f]/g, ' ').replace(/[&<>'"]/g, (character) => entities[character] ?? '');
}
