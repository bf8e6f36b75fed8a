using System.Globalization;
using ExpEther.Nvme.Controller;
using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;
using ExpEther.Pcie.Tests;

namespace ExpEther.Nvme.Tests.Controller;

/// <summary>Virtualization Management as QEMU's primary controller does it: the same commands here have to come to the same.</summary>
public sealed class QemuVirtualizationTests
{
    private readonly SrIovBox _box = new(new NvmeSrIovOptions
    {
        Primary = new NvmeControllerOptions
        {
            SerialNumber = "BOX-1", QueuePairsMax = 16, BufferPoolBytes = 1 << 20, Namespaces = [new() { Backend = new RecordingBackend(64) }],
        },
        TotalVfs = 4,
        PrimaryQueues = 9,
        SecondaryQueuesMax = 6,
        FlexibleQueuesPerVf = 4,
        SecondaryBufferPoolBytes = 1 << 20,
    });

    [Fact]
    public void Commands_end_and_resources_are_as_with_QEMU()
    {
        _box.Primary.Start();
        var (commands, seen) = (0, 0);
        foreach (var line in QemuNvme.Virtualization)
        {
            if (line.StartsWith("virt-mgmt ", StringComparison.Ordinal))
            {
                Assert.Equal(line, Virtualize(line));
                commands++;
            }
            else if (line.StartsWith("see ", StringComparison.Ordinal))
            {
                Assert.Equal(line, See());
                seen++;
            }
            else if (line == "reset of the primary controller")
            {
                // Both have all secondary controllers offline then (§8.5.3). QEMU also takes their resources, here they keep them.
                break;
            }
            else
            {
                Do(line);
            }
        }

        Assert.Equal((16, 7), (commands, seen));
        _box.Primary.Host.Write32(NvmeRegister.Cc, 0);
        _box.Primary.Host.Pump();
        _box.Primary.Enable();
        Assert.All(Enumerable.Range(1, 4), n => Assert.False(_box.Secondary(n).IsOnline));
        Assert.EndsWith("see 1 Offline 0 0, 2 Offline 0 0, 3 Offline 0 0, 4 Offline 0 0", QemuNvme.Virtualization[^1], StringComparison.Ordinal);
    }

    private void Do(string what)
    {
        if (what == "enable VFs")
        {
            _box.EnableVfs(4);
            return;
        }

        Assert.Equal("function level reset of VF 1", what);
        var vf = _box.Vf(1);
        vf.Host.SetUp();
        vf.Host.StartFunctionLevelReset();
        vf.Host.Advance(TimeSpan.FromMilliseconds(100));
    }

    /// <returns>The line as it would be if our controller had been asked.</returns>
    private string Virtualize(string line)
    {
        var words = line.Split(' ');
        int Option(string name) => Array.IndexOf(words, name) is var at and >= 0 ? int.Parse(words[at + 1], CultureInfo.InvariantCulture) : 0;
        var result = _box.Virtualize(Option("-c"), (VirtualizationAction)Option("-a"), (VirtualResourceType)Option("-r"), Option("-n"));
        // Ours has an error log entry for it, which the More bit says; QEMU has none.
        var status = result.Status.Value & ~NvmeStatus.MoreBit;
        var end = result.Status.IsSuccess ? $"success {result.Result}" : $"status 0x{status:x}";
        return $"{line[..line.IndexOf(" -> ", StringComparison.Ordinal)]} -> {end}";
    }

    private string See() => "see " + string.Join(", ", Enumerable.Range(1, 4).Select(n => _box.Secondary(n)).Select(
        s => $"{s.ControllerId} {(s.IsOnline ? "Online" : "Offline")} {s.Queues} {s.Interrupts}"));
}
