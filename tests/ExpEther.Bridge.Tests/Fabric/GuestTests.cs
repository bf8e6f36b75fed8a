using System.Text;
using ExpEther.Bridge.Hosts;
using ExpEther.Bridge.Io;
using ExpEther.Nvme.Protocol;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>Virtual machines as hosts: what their monitor does reaches functions across the whole fabric, and what functions do reaches them.</summary>
public class GuestTests
{
    private const ulong Bar = 0x38_0000_0000;
    private static readonly byte[] Ones4 = [0xFF, 0xFF, 0xFF, 0xFF];

    private readonly TestFabric _fabric = new();

    [Fact]
    public void A_guest_finds_a_virtual_function_as_an_ordinary_controller_and_drives_it()
    {
        var guest = _fabric.AddGuest("vm1", 101);
        var disk = new SharedDisk(_fabric);
        var driver = _fabric.Attach(disk.Box, "disk.vf2", guest);

        // As QEMU does: all at once, and the guest sees no SR-IOV in it.
        var space = driver.ReadConfig(0, ConfigLimits.SpaceBytes);
        var function = guest.Slot(1).Function!;
        Assert.Equal(function.VendorId, BitConverter.ToUInt16(space));
        Assert.Equal(0x010802U, function.ClassCode);
        Assert.Equal(0, BitConverter.ToUInt16(space, ConfigRegister.Command) & 7);
        Assert.Equal(0, CapabilityWalk.Find(r => BitConverter.ToUInt32(space, r), ExtendedCapabilityId.SingleRootIoVirtualization));
        Assert.NotEqual(0, CapabilityWalk.Find(r => BitConverter.ToUInt32(space, r), ExtendedCapabilityId.AdvancedErrorReporting));
        Assert.Equal(0, BitConverter.ToInt64(space, ConfigRegister.Bar0) & ~0xF);
        var bar = Assert.Single(function.Bars);
        Assert.Equal((bar.SizeBytes, 0x4U), (driver.SizeBar(0).Size, driver.SizeBar(0).Low & 0x7));
        Assert.Equal(0UL, driver.SizeBar(2).Size);

        var nvme = new GuestNvme(_fabric, guest, 1, Bar, 0x1234_0000);
        var identify = nvme.Identify();
        Assert.StartsWith("SHARED", Encoding.ASCII.GetString(identify, 4, 20));
        Assert.Equal(8, nvme.Driver.Read(0, NvmeRegister.Cap, 8).Length);
        Assert.Equal(nvme.Driver.Read(0, NvmeRegister.Cap, 8)[2..7], nvme.Driver.Read(0, NvmeRegister.Cap + 2, 5));

        // What `ls` shows there is the guest's own address.
        var status = disk.Box.Function("disk.vf2");
        Assert.Equal(new HostAddress(Bar), status.Bars[0].MemH);
        Assert.Equal((1, function.VfH), (status.Slot, status.VfH));
        Assert.True(status.BusMasterEnable);
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal(identify, nvme.Identify());
        }
    }

    [Fact]
    public void Two_functions_of_a_guest_may_be_at_the_same_address_and_each_has_its_own_memory()
    {
        var guest = _fabric.AddGuest("vm1", 101);
        var disk = new SharedDisk(_fabric);
        _fabric.Attach(disk.Box, "disk.vf1", guest);
        _fabric.Attach(disk.Box, "disk.vf2", guest, 2);

        var first = new GuestNvme(_fabric, guest, 1, Bar, 0x1_0000);
        var second = new GuestNvme(_fabric, guest, 2, Bar, 0x8_0000);
        for (var i = 0; i < 20; i++)
        {
            // Controller ID: each speaks to its own.
            Assert.NotEqual(BitConverter.ToUInt16(first.Identify(), 78), BitConverter.ToUInt16(second.Identify(), 78));
        }

        // What one slot's function may not reach, though the other's may.
        Assert.Equal(0, guest.Status(2).Counters.DmaUnsupportedRequests);
        second.Driver.Write(0, NvmeRegister.Asq, BitConverter.GetBytes(0x1_0000UL));
        second.Driver.Write32(0, NvmeRegister.Cc, 0);
        _fabric.Until(() => (second.Driver.Read32(0, NvmeRegister.Csts) & 1) == 0);
        second.Driver.Write32(0, NvmeRegister.Cc, 0x0046_0001);
        _fabric.Until(() => (second.Driver.Read32(0, NvmeRegister.Csts) & 3) != 0);
        second.Driver.Write32(0, NvmeRegister.Doorbells, 1);
        _fabric.Until(() => guest.Status(2).Counters.DmaUnsupportedRequests > 0);
        Assert.Equal(0, guest.Status(1).Counters.DmaUnsupportedRequests);
        first.Identify();
    }

    [Fact]
    public void A_released_function_is_the_guests_until_it_has_let_go()
    {
        var guest = _fabric.AddGuest("vm1", 101);
        var (box, device) = AddProbe();
        var driver = Enabled(_fabric.Attach(box, "probe", guest));
        guest.Machine.HoldsOn = true;
        BridgeResult? detached = null;
        _fabric.Scheduler.Start(async () => detached = await box.Bridge.DetachAsync("probe"));
        _fabric.Until(() => guest.Machine.Calls.Last() == "unplug 1");

        // Its driver shuts the device down by registers.
        driver.Write32(0, 0x20, 0xD00D);
        Assert.Equal(0xD00DU, driver.Read32(0, 0x20));
        Assert.Null(detached);

        guest.Machine.HoldsOn = false;
        _fabric.Until(() => detached is not null);
        Assert.True(detached!.Ok, detached.Message);
        Assert.Null(guest.Slot(1).Function);
        Assert.Equal(Ones4, driver.Read(0, 0x20, 4));
        Assert.Equal(["plug 1", "unplug 1"], guest.Machine.Calls);
        Assert.Equal(SlotState.Empty, guest.Status(1).State);
        Assert.True(device.Resets > 0);

        _fabric.Attach(box, "probe", guest);
        Assert.Equal(["plug 1", "unplug 1", "plug 1"], guest.Machine.Calls);
    }

    [Fact]
    public void A_function_that_is_taken_by_force_is_gone_for_the_guest_at_once()
    {
        var guest = _fabric.AddGuest("vm1", 101);
        var (box, device) = AddProbe();
        var driver = Enabled(_fabric.Attach(box, "probe", guest));
        device.IsMute = true;
        var token = driver.Begin(0, 0, 4);
        _fabric.Settle();
        Assert.False(driver.HasEnded(token, out _));
        var before = _fabric.Now;

        Assert.True(_fabric.Run(() => box.Bridge.DetachAsync("probe", force: true)).Ok);
        _fabric.Until(() => driver.HasEnded(token, out _));
        Assert.True(_fabric.Now - before < TimeSpan.FromMilliseconds(300));
        driver.HasEnded(token, out var data);
        Assert.Equal(Ones4, data);
        _fabric.Until(() => guest.Machine.Calls.Count == 3);
        Assert.Equal(["plug 1", "gone 1", "surprise 1"], guest.Machine.Calls);
    }

    [Fact]
    public void A_cable_that_is_pulled_for_long_empties_the_slot_and_the_function_comes_back()
    {
        var guest = _fabric.AddGuest("vm1", 101);
        var (box, _) = AddProbe();
        var driver = Enabled(_fabric.Attach(box, "probe", guest));
        driver.Write32(0, 0x40, 7);
        Assert.Equal(7U, driver.Read32(0, 0x40));

        _fabric.Cut(guest.Port);
        _fabric.Pass(TimeSpan.FromSeconds(25));
        Assert.Equal(["plug 1", "gone 1", "surprise 1"], guest.Machine.Calls);
        _fabric.Heal(guest.Port);
        _fabric.Until(() => guest.Machine.Calls.Count == 4 && guest.Slot(1).Function is not null);
        Assert.Equal("plug 1", guest.Machine.Calls[3]);
        // As after reset: nothing of the old configuration is left.
        Assert.Equal(0U, driver.ReadConfig32(ConfigRegister.Command) & 7);
        Assert.Equal(0U, driver.ReadConfig32(ConfigRegister.Bar0) & ~0xFU);
        Enabled(driver);
        Assert.Equal(7U, driver.Read32(0, 0x40));
    }

    [Fact]
    public void A_silent_link_costs_reads_their_timeout_and_posted_writes_nothing()
    {
        var guest = _fabric.AddGuest("vm1", 101);
        var (box, device) = AddProbe();
        var driver = Enabled(_fabric.Attach(box, "probe", guest));

        _fabric.Cut(box.Port);
        driver.Write32(0, 0x10, 0xAAAA);
        var token = driver.Begin(0, 0x10, 4);
        _fabric.Pass(TimeSpan.FromMilliseconds(990));
        Assert.False(driver.HasEnded(token, out _));
        _fabric.Pass(TimeSpan.FromMilliseconds(20));
        Assert.True(driver.HasEnded(token, out var data));
        Assert.Equal(Ones4, data);
        _fabric.Pass(TimeSpan.FromSeconds(5));

        _fabric.Heal(box.Port);
        _fabric.Until(() => BitConverter.ToUInt32(device.Memory, 0x10) == 0xAAAA);
        for (var i = 0; i < 600; i++)
        {
            // All tags, the late one's included: each answer is its own read's.
            Assert.Equal((uint)i, Echo(driver, (uint)i));
        }

        Assert.Equal(["plug 1"], guest.Machine.Calls);
    }

    [Fact]
    public void A_function_that_the_monitor_does_not_take_is_powered_off_and_shown_again()
    {
        var guest = _fabric.AddGuest("vm1", 101);
        var (box, _) = AddProbe();
        guest.Machine.Refusals = 2;

        Assert.True(_fabric.Run(() => box.Bridge.AttachAsync("probe", "vm1")).Ok);
        _fabric.Until(() => guest.Machine.Calls.Count == 1);
        _fabric.Until(() => guest.Slot(1).Function is null);
        Assert.Contains(_fabric.Events.Events, e => e.Text == "slot 1: the guest does not take it");

        _fabric.Until(() => guest.Machine.Calls.Count == 3);
        _fabric.Pass(TimeSpan.FromSeconds(20));
        Assert.Equal(["plug 1", "plug 1", "plug 1"], guest.Machine.Calls);
        Assert.Equal("vm1", box.Function("probe").Owner);
        Enabled(new GuestDriver(_fabric, guest.Slot(1)));
    }

    [Fact]
    public void A_function_that_changes_while_it_is_being_shown_ends_up_as_what_is_there()
    {
        var guest = _fabric.AddGuest("vm1", 101);
        var (box, _) = AddProbe();
        guest.Machine.Plugged = slot =>
        {
            if (guest.Machine.Calls.Count == 1)
            {
                _fabric.Scheduler.Start(() => box.Bridge.DetachAsync("probe", force: true));
            }
        };
        Assert.True(_fabric.Run(() => box.Bridge.AttachAsync("probe", "vm1")).Ok);
        _fabric.Pass(TimeSpan.FromSeconds(5));
        Assert.Equal(["plug 1", "gone 1", "surprise 1"], guest.Machine.Calls);
        Assert.Null(guest.Slot(1).Function);

        Enabled(_fabric.Attach(box, "probe", guest));
    }

    [Fact]
    public void A_function_whose_link_takes_nothing_more_does_not_stop_the_others()
    {
        var guest = _fabric.AddGuest("vm1", 101);
        var (box1, _) = AddProbe(start: false);
        var box2 = _fabric.AddBox("box2", b => b.AddDevice("other", new ProbeDevice()));
        _fabric.Start();
        var driver1 = Enabled(_fabric.Attach(box1, "probe", guest));
        var driver2 = Enabled(_fabric.Attach(box2, "other", guest, 2));
        _fabric.Cut(box1.Port);
        var block = new byte[4096];
        var taken = 0;
        while (guest.Slot(1).TryWriteMemory(0, 0, block))
        {
            // Until link, wire and slot are all full.
            _fabric.Settle();
            Assert.True(++taken < 10_000);
        }

        for (var i = 0U; i < 100; i++)
        {
            Assert.Equal(i, Echo(driver2, i));
        }

        _fabric.Heal(box1.Port);
        _fabric.Until(() => guest.Slot(1).TryWriteMemory(0, 0, block));
        Assert.Equal(5U, Echo(driver1, 5));
    }

    [Fact]
    public void A_monitors_reset_resets_the_function_alone()
    {
        var guest = _fabric.AddGuest("vm1", 101);
        var (box, device) = AddProbe();
        var driver = Enabled(_fabric.Attach(box, "probe", guest));
        var resets = device.Resets;

        Assert.True(driver.Reset());
        Assert.Equal(resets + 1, device.Resets);
        Assert.Equal(0U, driver.ReadConfig32(ConfigRegister.Command) & 7);
        Assert.Equal(Ones4, driver.Read(0, 0, 4));
        Enabled(driver);
        Assert.Equal(1U, Echo(driver, 1));
        Assert.Equal(["plug 1"], guest.Machine.Calls);
    }

    [Fact]
    public void Errors_that_a_function_reports_are_read_out_and_told_to_the_operator()
    {
        var guest = _fabric.AddGuest("vm1", 101);
        var (box, _) = AddProbe();
        var driver = Enabled(_fabric.Attach(box, "probe", guest));
        var pcie = driver.FindCapability(CapabilityId.PciExpress);
        Assert.True(driver.WriteConfig(pcie + PcieRegister.DeviceControl, [0x0F]));
        // Memory decoding off: a posted write is an unsupported request.
        Assert.True(driver.WriteConfig(ConfigRegister.Command, [0]));
        driver.Write32(0, 0, 1);
        _fabric.Until(() => _fabric.Events.Events.Any(e => e.Source == "vm1" && e.Text.Contains("UnsupportedRequest", StringComparison.Ordinal)));
        Assert.True(guest.Root.Counters.ErrorsNonFatal + guest.Root.Counters.ErrorsCorrectable > 0);
    }

    [Fact]
    public void A_guest_that_was_down_when_functions_were_given_to_it_is_shown_them_at_its_start()
    {
        var guest = _fabric.AddGuest("vm1", 101);
        var (box, _) = AddProbe(start: false);
        _fabric.Run(box.Bridge.StartAsync);
        _fabric.Until(() => box.Bridge.Status().Hosts.All(h => h.Linked));
        Assert.True(_fabric.Run(() => box.Bridge.AttachAsync("probe", "vm1")).Ok);
        _fabric.Pass(TimeSpan.FromSeconds(3));
        Assert.Empty(guest.Machine.Calls);

        _fabric.Run(guest.Root.EnumerateAsync);
        _fabric.Until(() => guest.Machine.Calls.Count == 1);
        _fabric.Pass(TimeSpan.FromSeconds(5));
        Assert.Equal(["plug 1"], guest.Machine.Calls);
        Enabled(new GuestDriver(_fabric, guest.Slot(1)));
    }

    [Fact]
    public void A_guests_accesses_allocate_no_byte_on_their_whole_way()
    {
        var guest = _fabric.AddGuest("vm1", 101);
        var (box, _) = AddProbe();
        _fabric.Attach(box, "probe", guest);
        var sink = new CountingSink();
        guest.Slot(1).Sink = sink;
        byte[] value = [0x10, 0, 0, 0];
        var best = long.MaxValue;
        for (var window = 0; window < 8 && best > 0; window++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++)
            {
                // The box answers these by itself: the test's device, which allocates, has no part in it.
                guest.Slot(1).TryReadConfig(0, 256, 1);
                guest.Slot(1).TryWriteConfig(ConfigRegister.CacheLineSize, value, 2);
                guest.Slot(1).TryReadMemory(0, 0, 8, 3);
                guest.Slot(1).TryWriteMemory(0, 0, value);
                while (sink.Count < 3)
                {
                    _fabric.Settle();
                    if (sink.Count < 3)
                    {
                        _fabric.Step(_fabric.Now + TimeSpan.FromSeconds(1));
                    }
                }

                sink.Count = 0;
            }

            best = Math.Min(best, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, best);
        Assert.True(guest.Status(1).Counters.HostRequests > 6000);
    }

    private static uint Echo(GuestDriver driver, uint value)
    {
        driver.Write32(0, 0x100, value);
        return driver.Read32(0, 0x100);
    }

    private static GuestDriver Enabled(GuestDriver driver)
    {
        driver.PlaceBar(0, Bar);
        driver.Enable();
        return driver;
    }

    private (FabricBox Box, ProbeDevice Device) AddProbe(bool start = true)
    {
        var device = new ProbeDevice();
        var box = _fabric.AddBox("box1", b => b.AddDevice("probe", device));
        if (start)
        {
            _fabric.Start();
        }

        return (box, device);
    }

    private sealed class CountingSink : IGuestAccessSink
    {
        public int Count { get; set; }

        public void OnRead(ulong token, ReadOnlySpan<byte> data) => Count++;

        public void OnWritten(ulong token, bool isDone) => Count++;
    }
}
