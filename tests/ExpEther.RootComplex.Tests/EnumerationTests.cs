using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Enumeration;
using ExpEther.RootComplex.Tests.Fabric;

namespace ExpEther.RootComplex.Tests;

public class EnumerationTests
{
    [Fact]
    public void A_device_below_the_root_port_gets_bus_1_and_addresses()
    {
        var device = new TestEndpoint();
        var host = new TestHost(device);

        host.Run(host.Root.EnumerateAsync);

        var function = Assert.Single(host.Root.Functions);
        Assert.Equal(new Rid(1, 0, 0), function.Rid);
        Assert.Equal(new Rid(1, 0, 0), device.Config.Rid);
        Assert.Equal(0x120000u, function.ClassCode);
        Assert.Collection(
            function.Bars,
            bar => Assert.Equal((0, 4096ul, true, false), (bar.Index, bar.SizeBytes, bar.Is64Bit, bar.Prefetchable)),
            bar => Assert.Equal((4, 4096ul, false, false), (bar.Index, bar.SizeBytes, bar.Is64Bit, bar.Prefetchable)));
        Assert.All(function.Bars, bar => Assert.Equal(bar.Address.Value, device.Config.BarAddress(bar.Index)));
        Assert.All(function.Bars, bar => Assert.InRange(bar.Address.Value, 0xC000_0000ul, 0xDFFF_FFFFul));
        Assert.False(device.Config.MemorySpaceEnable, "a function decodes only once its driver says so");
        Assert.False(device.Config.BusMasterEnable);
        Assert.Equal(4096, device.Config.MaxReadRequestBytes);
    }

    [Fact]
    public void Each_slot_of_a_switch_has_a_bus_and_windows_of_its_own()
    {
        var fabric = new TestSwitch(4);
        var host = new TestHost(fabric);

        host.Run(host.Root.EnumerateAsync);

        var nodes = host.Root.Tree.Nodes.ToList();
        Assert.Equal(
            ["00:00.0", "01:00.0", "02:00.0", "02:01.0", "02:02.0", "02:03.0"], nodes.Select(node => node.Rid.ToString()));
        Assert.Equal((1, 6), (nodes[0].SecondaryBus, nodes[0].SubordinateBus));
        Assert.Equal((2, 6), (nodes[1].SecondaryBus, nodes[1].SubordinateBus));
        for (var slot = 0; slot < 4; slot++)
        {
            var port = fabric.PortOf(slot);
            Assert.Equal((2, 3 + slot, 3 + slot), (port.PrimaryBus, port.SecondaryBus, port.SubordinateBus));
            Assert.True(port.MemorySpaceEnable && port.BusMasterEnable && port.Msi.Enabled);
            var window = nodes[2 + slot].Memory;
            Assert.True(window.Bytes >= 1 << 20 && window.Base % (1 << 20) == 0);
            Assert.True(port.TryMatchMemory(window.Base, 1) && port.TryMatchMemory(window.Limit, 1));
            Assert.True(nodes[1].Memory.Contains(window.Base, (int)window.Bytes), "within the window of the port above");
            Assert.All(nodes.Skip(2).Where((_, i) => i != slot), other => Assert.False(other.Memory.Contains(window.Base, 1), "windows overlap"));
        }
    }

    [Fact]
    public void A_card_plugged_into_a_slot_lands_in_the_slot_s_windows()
    {
        var fabric = new TestSwitch(2);
        var host = new TestHost(fabric);
        host.Run(host.Root.EnumerateAsync);
        var card = new TestEndpoint(bar: new BarDescription(0, 1 << 20, Is64Bit: true, Prefetchable: true));

        fabric.Plug(1, card);
        host.Pass(TimeSpan.FromSeconds(3));

        var function = Assert.Single(host.Root.Functions);
        var port = function.Node.Parent!;
        Assert.Equal(new Rid(4, 0, 0), function.Rid);
        Assert.True(port.Prefetchable.Contains(function.Bars[0].Address.Value, 1 << 20), "a 64-bit prefetchable BAR goes above 4 GB");
        Assert.True(function.Bars[0].Address.Value > uint.MaxValue);
        Assert.True(port.Memory.Contains(function.Bars[1].Address.Value, 4096));
    }

    [Fact]
    public void Every_function_of_a_multi_function_device_is_found()
    {
        var host = new TestHost(new TestEndpoint(functions: 3));

        host.Run(host.Root.EnumerateAsync);

        Assert.Equal(["01:00.0", "01:00.1", "01:00.2"], host.Root.Functions.Select(f => f.Rid.ToString()));
        Assert.Equal(6, host.Root.Functions.SelectMany(f => f.Bars).Select(bar => bar.Address).Distinct().Count());
    }

    [Fact]
    public void A_device_that_asks_for_retries_is_given_time()
    {
        var host = new TestHost(new TestEndpoint { Retries = 9 });

        host.Run(host.Root.EnumerateAsync);

        Assert.Single(host.Root.Functions);
        Assert.True(host.Now.Nanoseconds >= 100_000_000, "it was asked again without waiting");
    }

    [Fact]
    public void A_device_that_never_answers_is_left_out_in_bounded_time()
    {
        var host = new TestHost(new TestEndpoint { Silent = true });

        host.Run(host.Root.EnumerateAsync);

        Assert.Empty(host.Root.Functions);
    }

    [Fact]
    public void Payload_size_is_the_least_on_the_path()
    {
        var fabric = new TestSwitch(1);
        var host = new TestHost(fabric);
        host.Run(host.Root.EnumerateAsync);
        var card = new TestEndpoint(maxPayload: 4096);
        fabric.Plug(0, card);

        host.Pass(TimeSpan.FromSeconds(3));

        Assert.Equal(512, card.Config.MaxPayloadBytes);
        Assert.Equal(512, fabric.PortOf(0).MaxPayloadBytes);
    }

    [Fact]
    public void The_device_bus_of_an_io_box_gives_64_bit_addresses_to_any_64_bit_BAR()
    {
        var device = new TestEndpoint();
        var host = new TestHost(device);
        host.Run(async () => await host.Root.Config.WriteAsync(default, ConfigRegister.PrimaryBus, 0x0007_0700));
        var enumerator = new BusEnumerator(host.Root.Config, host.Scheduler, host.Events, "box");

        var nodes = host.Run(() => enumerator.EnumerateEndpointsAsync(7, new AddressAllocator(new AddressWindow(0x40_0000_0000, 1ul << 32))));

        var node = Assert.Single(nodes);
        Assert.Equal(new Rid(7, 0, 0), node.Rid);
        Assert.Equal(0x40_0000_0000ul, node.Bars[0].Address.Value);
        Assert.Equal(0x40_0000_0000ul, device.Config.BarAddress(0));
        Assert.False(node.Bars[1].IsAssigned, "a 32-bit BAR has no place above 4 GB");
        Assert.Contains(host.Events.Texts, text => text.Contains("BAR 4", StringComparison.Ordinal));
    }

    [Fact]
    public void The_tree_reads_like_lspci()
    {
        var fabric = new TestSwitch(2);
        var host = new TestHost(fabric, new RootComplexOptions { Name = "alpha", MemoryBytes = 1 << 20 });
        host.Run(host.Root.EnumerateAsync);
        fabric.Plug(0, new TestEndpoint());
        host.Pass(TimeSpan.FromSeconds(3));

        Assert.Equal(
            """
            alpha (root complex)
            └─ 00:00.0  Root port [1b36:000c], buses 01-04
               └─ 01:00.0  Switch, upstream port [104c:8232], buses 02-04
                  ├─ 02:00.0  Switch, slot 1 [104c:8232], bus 03
                  │  └─ 03:00.0  Processing accelerator [1af4:1100], BAR 0 at 0xc0000000 (4 KiB), BAR 4 at 0xc0001000 (4 KiB)
                  └─ 02:01.0  Switch, slot 2 [104c:8232], bus 04, empty

            """,
            host.Root.Tree.ToText(), ignoreLineEndingDifferences: true);
    }
}
