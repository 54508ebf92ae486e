import { expect, test } from '@jest/globals';
import { libvirtXml } from '../../appliance/libvirt-xml';

const disk = (deviceNode: string, simulated = false) => ({ device: { deviceNode, simulated } });

test('describes the disks of a guest as virt-v2v-in-place reads them, in the order given', () => {
  expect(
    libvirtXml({ name: 'pg & <co> "x"\u0000', disks: [disk('/dev/disk/by-id/virtio-a'), disk("/srv/it's.raw", true)] }),
  ).toBe(`<domain type='vmware'>
  <name>pg &amp; &lt;co&gt; &quot;x&quot; </name>
  <memory>1048576</memory>
  <vcpu>1</vcpu>
  <os>
    <type>hvm</type>
    <boot dev='hd'/>
  </os>
  <features>
    <acpi/>
    <apic/>
    <pae/>
  </features>
  <devices>
    <disk type='block' device='disk'>
      <driver name='qemu' type='raw'/>
      <source dev='/dev/disk/by-id/virtio-a'/>
      <target dev='sda' bus='scsi'/>
    </disk>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/>
      <source file='/srv/it&apos;s.raw'/>
      <target dev='sdb' bus='scsi'/>
    </disk>
  </devices>
</domain>
`);
});

test('counts drives as Linux does', () => {
  const names = [
    ...libvirtXml({ name: 'n', disks: Array.from({ length: 53 }, () => disk('/dev/x')) }).matchAll(
      /target dev='(\w+)'/g,
    ),
  ];
  expect([0, 25, 26, 51, 52].map((index) => names[index]?.[1])).toEqual(['sda', 'sdz', 'sdaa', 'sdaz', 'sdba']);
});
