using System.Globalization;
using System.Text.RegularExpressions;
using ExpEther.Nvme.Protocol;
using ExpEther.Pcie.Tests;

namespace ExpEther.Nvme.Tests.Protocol;

/// <summary>What QEMU's primary and secondary controllers answered, read by our views, has to come to what nvme-cli printed of the same bytes.</summary>
public sealed partial class QemuIdentifyTests
{
    [Fact]
    public void Primary_controller_capabilities_read_as_nvme_cli_prints_them()
    {
        var text = QemuNvme.Text("primary-ctrl-caps");
        var seen = new PrimaryControllerCapabilities(QemuNvme.Identify("cns14"));
        Assert.Equal(QemuNvme.Number(text, "cntlid"), seen.ControllerId);
        Assert.Equal(QemuNvme.Number(text, "portid"), seen.PortId);
        Assert.Equal(QemuNvme.Number(text, "crt"), (int)seen.ResourceTypes);
        Assert.Equal(ResourceTypes.Queues | ResourceTypes.Interrupts, seen.ResourceTypes);
        Assert.Equal(Printed("vq"), seen.Queues);
        Assert.Equal(Printed("vi"), seen.Interrupts);
        Assert.Equal((16u, 5u), (seen.Queues.Total, seen.Queues.Assigned));

        FlexibleResources Printed(string prefix) => new(
            (uint)QemuNvme.Number(text, prefix + "frt"), (uint)QemuNvme.Number(text, prefix + "rfa"), (ushort)QemuNvme.Number(text, prefix + "rfap"),
            (ushort)QemuNvme.Number(text, prefix + "prt"), (ushort)QemuNvme.Number(text, prefix + "frsm"),
            (ushort)QemuNvme.Number(text, prefix + "gran"));
    }

    [Fact]
    public void Secondary_controllers_read_as_nvme_cli_prints_them()
    {
        var text = string.Join('\n', QemuNvme.Text("list-secondary")).Split("SCEntry")[1..];
        var seen = new SecondaryControllerList(QemuNvme.Identify("cns15"));
        Assert.Equal(4, seen.Count);
        Assert.Equal(text.Length, seen.Count);
        for (var i = 0; i < text.Length; i++)
        {
            Assert.Equal(
                new SecondaryControllerEntry(
                    Printed(i, "SCID"), Printed(i, "PCID"), Printed(i, "SCS") == 1, Printed(i, "VFN"), Printed(i, "NVQ"), Printed(i, "NVI")),
                seen[i]);
        }

        Assert.Equal(new SecondaryControllerEntry(1, 0, true, 1, 3, 2), seen[0]);

        ushort Printed(int entry, string name) => (ushort)QemuNvme.Number(text[entry].Split('\n'), name);
    }

    [Fact]
    public void All_controllers_are_in_one_subsystem_and_the_two_that_drivers_enabled_have_the_namespace()
    {
        Assert.Equal([0, 1, 2, 3, 4], Identifiers("cns13"));
        Assert.Equal([0, 1], Identifiers("cns12-nsid1"));

        static int[] Identifiers(string name)
        {
            var bytes = QemuNvme.Identify(name);
            return [.. Enumerable.Range(0, new ControllerList(bytes).Count).Select(i => (int)new ControllerList(bytes)[i])];
        }
    }

    [Theory]
    [InlineData("primary", 0)]
    [InlineData("secondary", 1)]
    public void Identify_controller_reads_as_nvme_cli_prints_it(string which, int id)
    {
        var text = QemuNvme.Text("id-ctrl-" + which);
        var seen = new IdentifyController(QemuNvme.Identify("controller-" + which));
        Assert.Equal((id, id), (seen.ControllerId, QemuNvme.Number(text, "cntlid")));
        Assert.Equal(
            (QemuNvme.Field(text, "sn"), QemuNvme.Field(text, "mn"), QemuNvme.Field(text, "fr")),
            (seen.SerialNumber, seen.ModelNumber, seen.FirmwareRevision));
        Assert.EndsWith(":" + QemuNvme.Field(text, "subnqn"), seen.SubsystemNqn, StringComparison.Ordinal);
        Assert.Equal(
            (QemuNvme.Number(text, "vid"), QemuNvme.Number(text, "ssvid"), QemuNvme.Number(text, "rab")),
            (seen.VendorId, seen.SubsystemVendorId, seen.ArbitrationBurst));
        Assert.Equal((QemuNvme.Number(text, "cmic"), QemuNvme.Number(text, "mdts")), ((int)seen.MultiPath, seen.MaxDataTransfer));
        Assert.Equal((uint)QemuNvme.Number(text, "ver"), seen.Version);
        Assert.Equal((uint)QemuNvme.Number(text, "oaes"), seen.OptionalAsyncEvents);
        Assert.Equal((uint)QemuNvme.Number(text, "ctratt"), seen.ControllerAttributes);
        Assert.Equal(QemuNvme.Number(text, "cntrltype"), seen.ControllerType);
        Assert.Equal(QemuNvme.Number(text, "oacs"), (int)seen.OptionalAdminCommands);
        Assert.Equal(
            (QemuNvme.Number(text, "acl"), QemuNvme.Number(text, "aerl"), QemuNvme.Number(text, "frmw"), QemuNvme.Number(text, "lpa")),
            (seen.AbortCommandLimit, seen.AsyncEventRequestLimit, seen.FirmwareUpdates, seen.LogPageAttributes));
        Assert.Equal(
            (QemuNvme.Number(text, "wctemp"), QemuNvme.Number(text, "cctemp")), (seen.WarningTemperature, seen.CriticalTemperature));
        Assert.Equal(
            (QemuNvme.Number(text, "sqes"), QemuNvme.Number(text, "cqes"), QemuNvme.Number(text, "maxcmd")),
            (seen.SubmissionEntrySizes, seen.CompletionEntrySizes, seen.MaxOutstandingCommands));
        Assert.Equal((uint)QemuNvme.Number(text, "nn"), seen.NamespaceCount);
        Assert.Equal(QemuNvme.Number(text, "oncs"), (int)seen.OptionalNvmCommands);
        Assert.Equal(
            (QemuNvme.Number(text, "fna"), QemuNvme.Number(text, "vwc"), QemuNvme.Number(text, "awun"), QemuNvme.Number(text, "awupf")),
            (seen.FormatAttributes, seen.VolatileWriteCache, seen.AtomicWriteUnitNormal, seen.AtomicWriteUnitPowerFail));
        Assert.Equal((uint)QemuNvme.Number(text, "sgls"), seen.SglSupport);
        Assert.Equal((uint)QemuNvme.Number(text, "mnan"), seen.NamespacesAllowed);

        Assert.True(seen.MultiPath.HasFlag(MultiPathCapabilities.SeveralControllers));
        Assert.True(seen.OptionalAdminCommands.HasFlag(OptionalAdminCommands.NamespaceManagement | OptionalAdminCommands.VirtualizationManagement));
        // Where QEMU departs from NVMe 1.4 figure 247: CMIC bit 2 says that the controller is a VF's.
        Assert.False(seen.MultiPath.HasFlag(MultiPathCapabilities.VirtualFunction));
    }

    [Fact]
    public void Virtualization_management_fails_with_the_statuses_that_QEMU_gives()
    {
        var results = QemuNvme.Text("virt-mgmt").Where(line => line.Length > 0).Select(line => line.Split(" : ")).ToArray();
        NvmeStatus Status(string command) =>
            Code().Match(results.First(r => r[0] == command)[1]) is { Success: true } code
                ? new NvmeStatus(ushort.Parse(code.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture))
                : NvmeStatus.Success;

        // The first "-c 1 -a 9" came before the controller had resources.
        Assert.Equal(NvmeStatus.InvalidSecondaryControllerState, Status("-c 1 -a 9"));
        Assert.Equal(NvmeStatus.InvalidSecondaryControllerState, Status("-c 3 -a 9"));
        Assert.Equal(NvmeStatus.InvalidNumberOfControllerResources, Status("-c 3 -r 0 -a 8 -n 99"));
        Assert.Equal(NvmeStatus.InvalidNumberOfControllerResources, Status("-c 3 -r 1 -a 8 -n 99"));
        Assert.Equal(NvmeStatus.InvalidControllerIdentifier, Status("-c 77 -r 1 -a 8 -n 1"));
        Assert.Equal(NvmeStatus.InvalidControllerIdentifier, Status("-c 0 -r 1 -a 8 -n 1"));
        Assert.Equal(NvmeStatus.InvalidControllerIdentifier, Status("-c 1 -r 1 -a 1 -n 1"));
        Assert.Equal(NvmeStatus.InvalidField, Status("-c 1 -r 1 -a 5 -n 1"));
        Assert.Equal(NvmeStatus.InvalidResourceIdentifier, Status("-c 1 -r 3 -a 8 -n 1"));
        Assert.Equal(NvmeStatus.InvalidSecondaryControllerState, Status("-c 1 -r 1 -a 8 -n 1"));
        Assert.Equal(NvmeStatus.Success, Status("-c 1 -r 0 -a 8 -n 3"));
    }

    [GeneratedRegex(@"\(0x([0-9a-f]+)\)$")]
    private static partial Regex Code();
}
