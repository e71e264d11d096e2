/** Which acceleration a guest can really have here, and why: for people and for the domain XML. */

export interface AcceleratorFacts {
  /** Whether /dev/kvm could be opened for reading and writing; the error's code otherwise. */
  readonly kvmDevice: true | string;
  /** The words of /proc/cpuinfo's first 'flags' line; empty on architectures that have none. */
  readonly cpuFlags: ReadonlySet<string>;
  readonly arch: string;
  /** Whether libvirt's capabilities offer domains of type 'kvm'. */
  readonly libvirtOffersKvm: boolean;
}

export interface Accelerator {
  readonly accelerator: 'kvm' | 'qemu';
  readonly reason: string;
}

/** /dev/kvm alone proves nothing: it can be there, and open, where no guest gets past its first instructions. */
export function chooseAccelerator(facts: AcceleratorFacts): Accelerator {
  const emulated = (reason: string): Accelerator => ({ accelerator: 'qemu', reason });
  if (facts.kvmDevice === 'ENOENT') {
    return emulated(
      'There is no /dev/kvm, so guests are emulated in software, which is slow. Load the kernel module kvm_intel or ' +
        'kvm_amd, or switch on virtualisation in the firmware (or nested virtualisation in the hypervisor).',
    );
  }
  if (facts.kvmDevice !== true) {
    return emulated(
      `/dev/kvm cannot be opened (${facts.kvmDevice}), so guests are emulated in software, which is slow.`,
    );
  }
  if (facts.arch === 'x86_64' && !facts.cpuFlags.has('vmx') && !facts.cpuFlags.has('svm')) {
    return emulated(
      '/dev/kvm is there, but the processor offers neither vmx nor svm, so guests would not run under it; they are ' +
        'emulated in software, which is slow. Switch on virtualisation in the firmware (or nested virtualisation in ' +
        'the hypervisor).',
    );
  }
  if (!facts.libvirtOffersKvm) {
    return emulated(
      'libvirt does not offer KVM, so guests are emulated in software, which is slow. Its QEMU user may lack access ' +
        'to /dev/kvm (group kvm, mode 0660); restart libvirtd after changing that.',
    );
  }
  return { accelerator: 'kvm', reason: 'KVM: the processor, /dev/kvm and libvirt all offer it.' };
}
