namespace ExpEther.Nvme.Protocol;

/// <summary>Byte offsets of the controller registers in BAR0 (NVMe 1.4 §3.1).</summary>
public static class NvmeRegister
{
    /// <summary>Controller Capabilities, 64 bits: <see cref="ControllerCapabilities"/>.</summary>
    public const int Cap = 0x00;

    /// <summary>Version: major (31:16), minor (15:8), tertiary (7:0).</summary>
    public const int Vs = 0x08;

    /// <summary>Interrupt Mask Set; undefined under MSI-X.</summary>
    public const int Intms = 0x0C;

    /// <summary>Interrupt Mask Clear; undefined under MSI-X.</summary>
    public const int Intmc = 0x10;

    /// <summary>Controller Configuration: <see cref="ControllerConfiguration"/>.</summary>
    public const int Cc = 0x14;

    /// <summary>Controller Status: <see cref="ControllerStatus"/>.</summary>
    public const int Csts = 0x1C;

    /// <summary>NVM Subsystem Reset.</summary>
    public const int Nssr = 0x20;

    /// <summary>Admin Queue Attributes: sizes of both admin queues, 0's based: ASQS (11:0), ACQS (27:16).</summary>
    public const int Aqa = 0x24;

    /// <summary>Admin Submission Queue base address, 64 bits, page aligned.</summary>
    public const int Asq = 0x28;

    /// <summary>Admin Completion Queue base address, 64 bits, page aligned.</summary>
    public const int Acq = 0x30;

    /// <summary>Controller Memory Buffer Location.</summary>
    public const int Cmbloc = 0x38;

    /// <summary>Controller Memory Buffer Size.</summary>
    public const int Cmbsz = 0x3C;

    /// <summary>The first doorbell.</summary>
    public const int Doorbells = 0x1000;

    /// <summary>What <see cref="Vs"/> reads for NVMe 1.4.0.</summary>
    public const uint Version14 = 0x0001_0400;

    /// <summary>SQyTDBL (§3.1.24).</summary>
    /// <param name="queue">Queue identifier; 0 is the admin queue.</param>
    /// <param name="doorbellStride">CAP.DSTRD.</param>
    public static int SubmissionTail(int queue, int doorbellStride) => Doorbells + (2 * queue * (4 << doorbellStride));

    /// <summary>CQyHDBL (§3.1.25).</summary>
    /// <param name="queue">Queue identifier; 0 is the admin queue.</param>
    /// <param name="doorbellStride">CAP.DSTRD.</param>
    public static int CompletionHead(int queue, int doorbellStride) => Doorbells + (((2 * queue) + 1) * (4 << doorbellStride));
}
