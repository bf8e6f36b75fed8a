using ExpEther.Nvme.Controller;
using ExpEther.Nvme.Pool;
using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;
using ExpEther.Pcie.Config;

namespace ExpEther.Nvme.Tests.Controller;

/// <summary>Primary and secondary controllers: resources, states, resets (NVMe 1.4 §8.5).</summary>
public sealed class SrIovTests
{
    internal static SrIovBox Make(int vfs = 3, RecordingBackend? pool = null, params NvmeNamespaceOptions[] configured) => new(new NvmeSrIovOptions
    {
        Primary = new NvmeControllerOptions { SerialNumber = "BOX-1", QueuePairsMax = 8, BufferPoolBytes = 1 << 20, Namespaces = configured },
        Pool = new NamespacePool(pool ?? new RecordingBackend(16 << 11), new SeededRandom(7)),
        TotalVfs = vfs,
        SecondaryQueuesMax = 5,
        SecondaryBufferPoolBytes = 1 << 20,
    });

    internal static SrIovBox Started(int vfs = 3, RecordingBackend? pool = null, params NvmeNamespaceOptions[] configured)
    {
        var box = Make(vfs, pool, configured);
        box.Start(vfs);
        return box;
    }

    [Fact]
    public void A_secondary_controller_is_offline_until_it_has_two_queues_and_an_interrupt()
    {
        var box = Started();
        var vf = box.Vf(1);
        vf.Host.SetUp();
        Assert.Equal((true, false), (vf.Status.Cfs, vf.Status.Rdy));
        // Nothing can be done with it.
        vf.Host.Write32(NvmeRegister.Cc, ControllerConfiguration.Enabled(0).Value);
        vf.Host.Pump();
        Assert.Equal((true, false, 0u), (vf.Status.Cfs, vf.Status.Rdy, vf.Host.Read32(NvmeRegister.Cc)));

        foreach (var (queues, interrupts, ok) in new[] { (0, 0, false), (1, 1, false), (2, 0, false), (2, 1, true) })
        {
            Assert.True(box.Assign(1, VirtualResourceType.Queue, queues).Status.IsSuccess);
            Assert.True(box.Assign(1, VirtualResourceType.Interrupt, interrupts).Status.IsSuccess);
            var status = box.Virtualize(1, VirtualizationAction.SecondaryOnline).Status;
            Assert.True(ok ? status.IsSuccess : status.Is(NvmeStatus.InvalidSecondaryControllerState), status.ToString());
            Assert.Equal(ok, box.Secondary(1).IsOnline);
        }

        Assert.False(vf.Status.Cfs);
        vf.Start();
        Assert.Equal(1, new IdentifyController(vf.Identify(IdentifyCns.Controller)).ControllerId);
        // What is online is not given other resources; what is offline is reset.
        Assert.True(box.Assign(1, VirtualResourceType.Queue, 3).Status.Is(NvmeStatus.InvalidSecondaryControllerState));
        Assert.True(box.Virtualize(1, VirtualizationAction.SecondaryOffline).Status.IsSuccess);
        Assert.Equal((true, false), (vf.Status.Cfs, vf.Status.Rdy));
        Assert.Equal((0, 0), (box.Secondary(1).Queues, box.Secondary(1).Interrupts));
        Assert.True(box.Virtualize(1, VirtualizationAction.SecondaryOnline).Status.Is(NvmeStatus.InvalidSecondaryControllerState));
        vf = box.Online(1);
        Assert.Equal((false, true), (vf.Status.Cfs, vf.Status.Rdy));
    }

    [Fact]
    public void Queues_and_interrupts_are_those_that_were_assigned()
    {
        var box = Started();
        var vf = box.Online(2, queues: 3, interrupts: 2);
        var msix = vf.Host.FindCapability(CapabilityId.Msix);
        Assert.Equal(1u, (vf.Host.ReadConfig(msix) >> 16) & 0x7FF);
        Assert.Equal(0x0001_0001u, vf.Admin(AdminOpcode.SetFeatures, dw10: (uint)FeatureId.NumberOfQueues, dw11: 0x0007_0007).Result);
        vf.CreateQueue(1, vector: 1);
        vf.CreateQueue(2, vector: 0);
        var page = vf.Allocate(4096);
        var third = vf.Admin(AdminOpcode.CreateIoCompletionQueue, dw10: 3 | (15u << 16), dw11: 3, prp1: page);
        Assert.True(third.Status.Is(NvmeStatus.InvalidQueueIdentifier), third.Status.ToString());
        Assert.True(vf.Admin(AdminOpcode.DeleteIoSubmissionQueue, dw10: 2).Status.IsSuccess);
        Assert.True(vf.Admin(AdminOpcode.DeleteIoCompletionQueue, dw10: 2).Status.IsSuccess);
        var vector = vf.Admin(AdminOpcode.CreateIoCompletionQueue, dw10: 2 | (15u << 16), dw11: 3 | (2u << 16), prp1: page);
        Assert.True(vector.Status.Is(NvmeStatus.InvalidInterruptVector), vector.Status.ToString());
    }

    [Fact]
    public void Resources_are_counted_and_cannot_be_given_twice()
    {
        var box = Started(3);
        var capabilities = new PrimaryControllerCapabilities(box.Primary.Identify(IdentifyCns.PrimaryControllerCapabilities));
        Assert.Equal(ResourceTypes.Queues | ResourceTypes.Interrupts, capabilities.ResourceTypes);
        Assert.Equal(new FlexibleResources(15, 0, 0, 2, 5, 1), capabilities.Queues);
        Assert.Equal(new FlexibleResources(15, 0, 0, 2, 5, 1), capabilities.Interrupts);

        Assert.True(box.Assign(1, VirtualResourceType.Queue, 6).Status.Is(NvmeStatus.InvalidNumberOfControllerResources));
        Assert.Equal(5u, box.Assign(1, VirtualResourceType.Queue, 5).Result);
        Assert.Equal(5u, box.Assign(2, VirtualResourceType.Queue, 5).Result);
        Assert.Equal(3u, box.Virtualize(0, VirtualizationAction.PrimaryFlexibleAllocation, VirtualResourceType.Queue, 3).Result);
        Assert.True(box.Assign(3, VirtualResourceType.Queue, 3).Status.Is(NvmeStatus.InvalidNumberOfControllerResources));
        Assert.True(box.Assign(3, VirtualResourceType.Queue, 2).Status.IsSuccess);
        Assert.True(box.Assign(4, VirtualResourceType.Queue, 1).Status.Is(NvmeStatus.InvalidControllerIdentifier));
        Assert.True(box.Assign(0, VirtualResourceType.Queue, 1).Status.Is(NvmeStatus.InvalidControllerIdentifier));
        Assert.True(box.Assign(3, (VirtualResourceType)2, 1).Status.Is(NvmeStatus.InvalidResourceIdentifier));
        Assert.True(box.Virtualize(1, (VirtualizationAction)5).Status.Is(NvmeStatus.InvalidField));
        Assert.True(box.Virtualize(1, VirtualizationAction.PrimaryFlexibleAllocation).Status.Is(NvmeStatus.InvalidControllerIdentifier));

        capabilities = new PrimaryControllerCapabilities(box.Primary.Identify(IdentifyCns.PrimaryControllerCapabilities));
        Assert.Equal(new FlexibleResources(15, 12, 0, 2, 5, 1), capabilities.Queues);
        // The primary's own come with its next reset.
        Assert.Equal(0u, box.Primary.Admin(AdminOpcode.SetFeatures, dw10: (uint)FeatureId.NumberOfQueues, dw11: 0x0007_0007).Result);
        box.Primary.Host.Write32(NvmeRegister.Cc, 0);
        box.Primary.Host.Pump();
        box.Primary.Enable();
        capabilities = new PrimaryControllerCapabilities(box.Primary.Identify(IdentifyCns.PrimaryControllerCapabilities));
        Assert.Equal(new FlexibleResources(15, 12, 3, 2, 5, 1), capabilities.Queues);
        Assert.Equal(0x0003_0003u, box.Primary.Admin(AdminOpcode.SetFeatures, dw10: (uint)FeatureId.NumberOfQueues, dw11: 0x0007_0007).Result);
    }

    [Fact]
    public void All_controllers_are_one_subsystem_with_identifiers_of_their_own()
    {
        var box = Started();
        var first = box.Online(1);
        var third = box.Online(3);
        var primary = new IdentifyController(box.Primary.Identify(IdentifyCns.Controller));
        var vf1 = new IdentifyController(first.Identify(IdentifyCns.Controller));
        var vf3 = new IdentifyController(third.Identify(IdentifyCns.Controller));
        Assert.Equal((0, 1, 3), (primary.ControllerId, vf1.ControllerId, vf3.ControllerId));
        Assert.Equal(primary.SubsystemNqn, vf3.SubsystemNqn);
        Assert.Equal(primary.SerialNumber, vf3.SerialNumber);
        Assert.Equal(MultiPathCapabilities.SeveralControllers, primary.MultiPath);
        Assert.Equal(MultiPathCapabilities.SeveralControllers | MultiPathCapabilities.VirtualFunction, vf3.MultiPath);
        Assert.Equal(OptionalAdminCommands.NamespaceManagement | OptionalAdminCommands.VirtualizationManagement, primary.OptionalAdminCommands);
        Assert.Equal(OptionalAdminCommands.None, vf1.OptionalAdminCommands);
        Assert.Equal([0, 1, 2, 3], box.Controllers(IdentifyCns.ControllerList));
        Assert.Equal(ExpEtherFeatures.ResizeNamespace, primary.VendorFeatures);
        Assert.Equal(ExpEtherFeatures.None, vf1.VendorFeatures);
        foreach (var opcode in new[]
        {
            AdminOpcode.NamespaceManagement, AdminOpcode.NamespaceAttachment, AdminOpcode.VirtualizationManagement, AdminOpcode.ResizeNamespace,
        })
        {
            Assert.True(first.Admin(opcode, 65, 1, 1, prp1: first.Allocate(4096)).Status.Is(NvmeStatus.InvalidCommandOpcode));
        }

        foreach (var cns in Enumerable.Range(0x10, 6))
        {
            Assert.True(first.Admin(AdminOpcode.Identify, 1, (uint)cns, prp1: first.Allocate(4096)).Status.Is(NvmeStatus.InvalidField));
        }
    }

    [Fact]
    public void Lists_of_controllers_begin_where_the_command_says()
    {
        var box = Started();
        box.Online(2);
        var list = new SecondaryControllerList(box.Primary.Identify(IdentifyCns.SecondaryControllerList, controller: 2));
        Assert.Equal(2, list.Count);
        Assert.Equal(new SecondaryControllerEntry(2, 0, true, 2, 3, 3), list[0]);
        Assert.Equal(new SecondaryControllerEntry(3, 0, false, 3, 0, 0), list[1]);
        Assert.Equal(2, new ControllerList(box.Primary.Identify(IdentifyCns.ControllerList, controller: 2)).Count);
    }

    [Fact]
    public void A_function_level_reset_of_a_vf_leaves_it_online_and_its_siblings_alone()
    {
        var box = Started();
        var first = box.Online(1);
        var second = box.Online(2);
        var nsid = box.Created(64);
        Assert.True(box.Attach(nsid, 2).Status.IsSuccess);
        second.CreateQueue(1);
        var data = second.Allocate(4096);
        second.Submit(1, (byte)IoOpcode.Write, nsid, dw12: 7, prp1: data);
        first.Host.StartFunctionLevelReset();
        Assert.Equal((false, false), (first.Status.Cfs, first.Status.Rdy));
        Assert.True(box.Secondary(1).IsOnline);
        Assert.True(second.Status.Rdy);
        second.Host.Pump();
        Assert.True(second.Queue(1).TryTake(out var entry));
        Assert.True(entry.Status.IsSuccess);
        first.Host.Advance(TimeSpan.FromMilliseconds(100));
        first.Start();
        Assert.Equal(1, new IdentifyController(first.Identify(IdentifyCns.Controller)).ControllerId);
    }

    [Theory]
    [InlineData("disable")]
    [InlineData("primary reset")]
    [InlineData("primary flr")]
    public void Secondary_controllers_go_offline_with_their_vf_or_their_primary(string how)
    {
        var box = Started();
        var vf = box.Online(1);
        switch (how)
        {
            case "disable":
                box.DisableVfs();
                box.EnableVfs(3);
                break;
            case "primary reset":
                box.Primary.Host.Write32(NvmeRegister.Cc, 0);
                box.Primary.Host.Pump();
                box.Primary.Enable();
                break;
            default:
                box.Primary.Host.StartFunctionLevelReset();
                box.Primary.Host.Advance(TimeSpan.FromMilliseconds(100));
                box.Start(3);
                break;
        }

        Assert.Equal((true, false), (vf.Status.Cfs, vf.Status.Rdy));
        Assert.Equal(new SecondaryControllerEntry(1, 0, false, 1, 3, 3), box.Secondary(1));
        Assert.True(box.Virtualize(1, VirtualizationAction.SecondaryOnline).Status.IsSuccess);
        vf.Start();
        Assert.NotEmpty(vf.Identify(IdentifyCns.Controller));
    }

    [Fact]
    public void A_controller_whose_vf_is_not_there_cannot_go_online()
    {
        var box = Make(3);
        box.Start(2);
        Assert.True(box.Assign(3, VirtualResourceType.Queue, 2).Status.IsSuccess);
        Assert.True(box.Assign(3, VirtualResourceType.Interrupt, 1).Status.IsSuccess);
        Assert.True(box.Virtualize(3, VirtualizationAction.SecondaryOnline).Status.Is(NvmeStatus.InvalidSecondaryControllerState));
    }

    [Fact]
    public void The_device_is_found_and_its_functions_used_as_an_operating_system_does_it()
    {
        var box = Make(64);
        var pf = box.Primary.Host;
        pf.SetUp();
        var srIov = box.Device.Primary.Config.SrIov!.Offset;
        Assert.Equal((uint)ExtendedCapabilityId.SingleRootIoVirtualization, pf.ReadConfig(srIov) & 0xFFFF);
        Assert.Equal(64u | (64u << 16), pf.ReadConfig(srIov + SrIovRegister.InitialVfs));
        // The size of a VF's BAR 0, as software finds it while VF MSE is off.
        pf.WriteConfig(srIov + SrIovRegister.VfBar0, uint.MaxValue);
        pf.WriteConfig(srIov + SrIovRegister.VfBar0 + 4, uint.MaxValue);
        Assert.Equal((0xFFFF_C004u, uint.MaxValue), (pf.ReadConfig(srIov + SrIovRegister.VfBar0), pf.ReadConfig(srIov + SrIovRegister.VfBar0 + 4)));
        box.Primary.Enable();
        box.EnableVfs(64);
        foreach (var number in new[] { 1, 2, 63, 64 })
        {
            var vf = box.Vf(number).Host;
            Assert.Equal(uint.MaxValue, vf.ReadConfig(ConfigRegister.VendorId));
            Assert.Equal(0x010802u, vf.ReadConfig(ConfigRegister.RevisionId) >> 8);
            Assert.Equal(0u, vf.ReadConfig(ConfigRegister.Bar0));
            Assert.NotEqual(0, vf.FindCapability(CapabilityId.Msix));
            Assert.NotEqual(0, vf.FindCapability(CapabilityId.PciExpress));
            Assert.Equal(NvmeRegister.Version14, vf.Read32(NvmeRegister.Vs));
        }

        Assert.True(new IdentifyController(box.Online(64, 2, 1).Identify(IdentifyCns.Controller)).SerialNumber == "BOX-1");
    }

    [Fact]
    public void A_function_whose_flow_is_closed_sends_nothing_and_holds_nobody_up()
    {
        var box = Started(2, null, new NvmeNamespaceOptions { Backend = new RecordingBackend(64), Shared = true });
        var first = box.Online(1);
        var second = box.Online(2);
        Assert.True(box.Attach(1, 1, 2).Status.IsSuccess);
        first.CreateQueue(1);
        second.CreateQueue(1);
        box.Device.SetFlow(first.Host.Function, false);
        var read = first.Submit(1, (byte)IoOpcode.Read, 1, prp1: first.Allocate(4096));
        box.Pump();
        Assert.False(first.Queue(1).TryTake(out _));
        for (var i = 0; i < 20; i++)
        {
            Assert.True(second.Read((ulong)i, 1, second.Allocate(4096)).Status.IsSuccess);
        }

        Assert.Equal(0, first.Host.OutstandingReads);
        box.Device.SetFlow(first.Host.Function, true);
        box.Pump();
        Assert.True(first.Expect(1, read).Status.IsSuccess);
    }

    [Fact]
    public void Steady_state_of_several_functions_on_a_pool_allocates_nothing()
    {
        var pool = new RecordingBackend(16 << 11);
        var box = Started(2, pool);
        var hosts = new[] { box.Online(1), box.Online(2) };
        var namespaces = new[] { box.Created(4096), box.Created(4096) };
        var buffers = new ulong[2];
        for (var i = 0; i < 2; i++)
        {
            Assert.True(box.Attach(namespaces[i], i + 1).Status.IsSuccess);
            hosts[i].CreateQueue(1);
            buffers[i] = hosts[i].Allocate(4096);
        }

        void Turn(int rounds)
        {
            for (var round = 0; round < rounds; round++)
            {
                for (var i = 0; i < 2; i++)
                {
                    // Across the border of two chunks.
                    hosts[i].Submit(1, (byte)IoOpcode.Write, namespaces[i], 2044, dw12: 7, prp1: buffers[i]);
                    hosts[i].Submit(1, (byte)IoOpcode.Read, namespaces[i], 2044, dw12: 7, prp1: buffers[i]);
                    hosts[i].Submit(1, (byte)IoOpcode.Flush, namespaces[i]);
                }

                box.Pump();
                pool.Log.Clear();
                for (var i = 0; i < 2; i++)
                {
                    while (hosts[i].Queue(1).TryTake(out _))
                    {
                    }

                    hosts[i].Host.Interrupts.Clear();
                }
            }
        }

        Turn(300);
        Assert.Equal(0, Allocations.FewestOf(() => Turn(100)));
    }

    [Fact]
    public void Sixty_four_virtual_functions_work_at_once()
    {
        var box = new SrIovBox(new NvmeSrIovOptions
        {
            Primary = new NvmeControllerOptions { SerialNumber = "BOX-64", QueuePairsMax = 1, Namespaces = [] },
            Pool = new NamespacePool(new RecordingBackend(80 << 11), new SeededRandom(3)),
            FlexibleQueuesPerVf = 2,
            SecondaryQueuesMax = 2,
            SecondaryMaxDataTransferBytes = 4096,
            SecondaryBufferPoolBytes = 64 * 1024,
        });
        box.Start(64);
        for (var number = 1; number <= 64; number++)
        {
            var vf = box.Online(number, 2, 1);
            var nsid = box.Created(8);
            Assert.True(box.Attach(nsid, number).Status.IsSuccess);
            vf.CreateQueue(1, vector: 0);
            var data = vf.Allocate(4096);
            vf.Host.At(data, 4096).Fill((byte)number);
            Assert.True(vf.Write(0, 8, data, nsid: nsid).Status.IsSuccess);
        }

        for (var number = 1; number <= 64; number++)
        {
            var vf = box.Vf(number);
            var data = vf.Allocate(4096);
            Assert.True(vf.Read(0, 8, data, nsid: SrIovBox.Namespaces(vf).Single()).Status.IsSuccess);
            Assert.False(vf.Host.At(data, 4096).ContainsAnyExcept((byte)number));
        }
    }
}
