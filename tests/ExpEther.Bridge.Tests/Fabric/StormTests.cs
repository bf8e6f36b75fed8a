using ExpEther.Nvme.Driver;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>
/// Seeded trouble: disks move by force and by asking, cables are cut for short and long, frames are lost, all under I/O. However it goes,
/// no byte is ever wrong, no function is with two hosts, and when the trouble ends every owner has its disk in use.
/// </summary>
public class StormTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void After_any_trouble_every_owner_has_its_disk_and_no_byte_was_wrong(int seed)
    {
        var random = new SeededRandom((ulong)seed);
        var fabric = new TestFabric(isSealed: seed % 2 == 0);
        FabricHost[] hosts = [fabric.AddHost("host1", 101), fabric.AddHost("host2", 102)];
        FabricBox[] boxes = [.. Enumerable.Range(1, 2).Select(n => fabric.AddBox($"box{n}", b =>
        {
            b.AddDevice("a", TestDisk.Make($"BOX{n}A", fabric.Events));
            b.AddDevice("b", TestDisk.Make($"BOX{n}B", fabric.Events));
        }))];
        fabric.Start();
        foreach (var box in boxes)
        {
            fabric.Attach(box, "a", hosts[0]);
            fabric.Attach(box, "b", hosts[1]);
        }

        var loads = new List<(NvmeDisk Disk, DiskLoad Load)>();
        for (var step = 0; step < 25; step++)
        {
            foreach (var host in hosts)
            {
                foreach (var disk in host.Nvme.Disks.Where(d => d.IsUsable && loads.All(l => l.Disk != d)))
                {
                    loads.Add((disk, new DiskLoad(fabric, host, disk, pauseMs: 250)));
                }
            }

            Trouble(fabric, random, hosts, boxes);
            fabric.Pass(TimeSpan.FromMilliseconds(random.Next(3000)));
        }

        foreach (var port in hosts.Select(h => h.Port).Concat(boxes.Select(b => b.Port)))
        {
            fabric.Heal(port);
            fabric.Switch.Switch.SetDrop(port.Number, 0);
        }

        foreach (var (_, load) in loads)
        {
            load.Stop();
        }

        fabric.Pass(TimeSpan.FromSeconds(120));
        Assert.Equal(0, loads.Sum(l => l.Load.WrongBytes));
        foreach (var box in boxes)
        {
            foreach (var function in box.Bridge.Status().Functions)
            {
                var serial = $"{box.Bridge.Options.Name.ToUpperInvariant()}{function.Name.ToUpperInvariant()}";
                var holders = hosts.Where(h => h.Nvme.Disks.Any(d => d.SerialNumber == serial)).Select(h => h.Name).ToList();
                Assert.Equal(function.Owner is null ? [] : [function.Owner], holders);
                if (function.Owner is not null)
                {
                    var host = hosts.Single(h => h.Name == function.Owner);
                    var disk = host.Nvme.Disks.Single(d => d.SerialNumber == serial);
                    Assert.True(fabric.Run(() => TestDisk.WriteAsync(host, disk, 0, 8, 77)).IsSuccess);
                    Assert.True(fabric.Run(() => TestDisk.VerifyAsync(host, disk, 0, 8, 77)).IsRight);
                }
            }
        }
    }

    private static void Trouble(TestFabric fabric, SeededRandom random, FabricHost[] hosts, FabricBox[] boxes)
    {
        var box = boxes[random.Next(2)];
        var host = hosts[random.Next(2)];
        var function = random.Next(2) == 0 ? "a" : "b";
        var port = random.Next(2) == 0 ? host.Port : box.Port;
        switch (random.Next(7))
        {
            case 0 or 1:
                _ = box.Bridge.MoveAsync(function, host.Name, force: random.Next(2) == 0);
                break;
            case 2:
                _ = box.Bridge.AttachAsync(function, host.Name, force: random.Next(2) == 0);
                break;
            case 3:
                _ = box.Bridge.DetachAsync(function, force: random.Next(2) == 0);
                break;
            case 4:
                fabric.Switch.Switch.SetDrop(port.Number, random.Next(10) / 100.0);
                break;
            case 5:
                fabric.Cut(port);
                fabric.Pass(TimeSpan.FromMilliseconds(random.Next(5000)));
                fabric.Heal(port);
                break;
            default:
                fabric.Cut(port);
                fabric.Pass(TimeSpan.FromSeconds(15 + random.Next(15)));
                fabric.Heal(port);
                break;
        }
    }
}
