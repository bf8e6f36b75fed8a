using System.Buffers.Binary;
using ExpEther.Bridge.Io.Status;
using ExpEther.Bridge.Protocol;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Io.Rig;

/// <summary>
/// Three hosts, equal in all they can choose: requester IDs, tags, where their functions and where their memory is. Host n has VF n of an odd
/// SR-IOV device of five; with <c>small</c> the third has a conventional device with a small BAR besides.
/// </summary>
internal sealed class SharedOdd
{
    public const ulong MemH = 0x80_0000_0000;
    public const uint MemH32 = 0xE000_0000;
    public const int SmallBarBytes = 0x100;

    /// <summary>Memory of any of the hosts.</summary>
    public const ulong HostMemory = 0x1000_0000;

    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];

    /// <param name="odd">The shared device; null: one as it usually is.</param>
    /// <param name="attach">The hosts have their functions.</param>
    /// <param name="small">There is the conventional device.</param>
    public SharedOdd(OddSrIov? odd = null, bool attach = true, bool small = false)
    {
        Odd = odd ?? new OddSrIov();
        Small = new TestDevice(TestDevice.Plain with { Bars = [TestDevice.Plain.Bars[0], new BarDescription(2, SmallBarBytes)] });
        Rig = new IoRig(3, small ? [Small] : [], shared: [(Odd, 5)]).Start();
        if (small)
        {
            Rig.Plug("nvme0", Host(3), MemH, MemH32);
            SmallAt = Host(3).LastPresent;
        }

        for (var i = 1; attach && i <= 3; i++)
        {
            var result = Rig.Await(Rig.Bridge.AttachAsync($"odd0.vf{i}", $"host{i}"));
            Assert.True(result.Ok, result.Message);
            Map(i);
        }

        Forget();
    }

    public OddSrIov Odd { get; }

    public TestDevice Small { get; }

    /// <summary>Where the third host was presented the conventional device.</summary>
    public PresentMessage SmallAt { get; }

    public IoRig Rig { get; }

    public ScriptedHost[] Hosts => Rig.Hosts;

    public ScriptedHost Host(int number) => Rig.Hosts[number - 1];

    public OddFunction Vf(int number) => Odd.Vf(number);

    public IoFunctionCounters CountersOf(int vf) => Rig.StatusOf($"odd0.vf{vf}").Counters;

    /// <summary>Everything that reached a function but configuration requests.</summary>
    public int ReceivedByOthers(int vf) => Odd.Physical.Received.Count + Odd.Vfs.Where((_, i) => i != vf - 1).Sum(f => f.Received.Count);

    /// <summary>Places the BARs of the function that the host was presented last, and lets it decode and master.</summary>
    public void Map(int host, ulong memH = MemH, uint memH32 = MemH32)
    {
        var scripted = Host(host);
        scripted.Tlps.Clear();
        scripted.ConfigWrite(ConfigRegister.Bar0, (uint)(memH & uint.MaxValue));
        scripted.ConfigWrite(ConfigRegister.Bar0 + 4, (uint)(memH >> 32));
        scripted.ConfigWrite(ConfigRegister.Bar0 + 12, memH32);
        Command(host, ConfigRegister.CommandMemorySpaceEnable | ConfigRegister.CommandBusMasterEnable);
        Assert.Equal(4, scripted.Tlps.Count);
        scripted.Tlps.Clear();
    }

    public void Command(int host, int value)
    {
        Host(host).ConfigWrite(ConfigRegister.Command, (uint)value, 0b0011);
        Rig.Settle();
    }

    public uint ReadShown(int host, int register)
    {
        Host(host).Tlps.Clear();
        Host(host).ConfigRead(register);
        Rig.Settle();
        var value = BinaryPrimitives.ReadUInt32LittleEndian(Assert.Single(Host(host).Tlps).View.Payload);
        Host(host).Tlps.Clear();
        return value;
    }

    public int Shown(int host, CapabilityId id)
    {
        var walk = CapabilityWalk.For(id);
        while (!walk.IsDone)
        {
            walk.Feed(ReadShown(host, walk.Register));
        }

        return walk.Found;
    }

    /// <summary>A host makes its function master the bus, through its registers.</summary>
    public void Tell(int host, ulong address, int bytes, uint doorbell)
    {
        var registers = new byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(registers, address);
        BinaryPrimitives.WriteInt32LittleEndian(registers.AsSpan(8), bytes);
        Host(host).Write(MemH + OddFunction.DmaAddress, registers);
        Host(host).Write(MemH + OddFunction.DmaDoorbell, BitConverter.GetBytes(doorbell));
    }

    /// <summary>A host sends a TLP under the last function that it was presented.</summary>
    public void Send(int host, TlpWriter write) => Host(host).Send(_tlp.AsSpan(0, write(_tlp)));

    /// <summary>A host sends a TLP under whatever function and generation it likes.</summary>
    public void SendAs(int host, ushort function, ulong generation, TlpWriter write) => Host(host).Send(function, generation, _tlp.AsSpan(0, write(_tlp)));

    public void Forget()
    {
        foreach (var host in Hosts)
        {
            host.Tlps.Clear();
        }

        foreach (var function in Odd.Vfs.Append(Odd.Physical))
        {
            function.Received.Clear();
        }

        Small.Received.Clear();
    }
}
