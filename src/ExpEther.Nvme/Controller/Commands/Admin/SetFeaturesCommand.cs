using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>Set Features (NVMe 1.4 §5.21).</summary>
internal sealed class SetFeaturesCommand : INvmeCommand
{
    private const uint SaveBit = 1u << 31;
    private const uint ErrorRecoveryTimeMask = 0xFFFF;
    private const uint DeallocatedErrorEnable = 1u << 16;
    private const uint WorkloadHintMask = 0xE0;
    private const uint PowerStateMask = 0x1F;
    private const int QueuesReserved = 0xFFFF;

    public CommandEffects Effects => CommandEffects.Supported;

    public void Run(CommandEngine engine, ref CommandSlot slot)
    {
        var entry = engine.Parts.Commands.Entry(slot.Index);
        var id = (FeatureId)(byte)entry.Dw10;
        if (!FeatureFields.IsKnown(id))
        {
            engine.Finish(ref slot, NvmeStatus.InvalidField, FeatureFields.IdLocation);
        }
        else if ((entry.Dw10 & SaveBit) != 0)
        {
            engine.Finish(ref slot, NvmeStatus.FeatureIdentifierNotSaveable, FeatureFields.IdLocation + 3);
        }
        else if (id != FeatureId.ErrorRecovery && slot.NamespaceId is not (0 or NvmeSizes.BroadcastNamespace))
        {
            engine.Finish(ref slot, NvmeStatus.FeatureNotNamespaceSpecific, FeatureFields.NamespaceLocation);
        }
        else
        {
            var status = Set(engine, ref slot, id, entry.Dw11);
            engine.Finish(ref slot, status, status.IsSuccess ? ErrorInformationEntry.None : FeatureFields.ValueLocation);
        }
    }

    /// <summary>Completion DW0 of Number of Queues: all there are, whatever was asked for (§5.21.1.7).</summary>
    public static uint QueuesAllocated(CommandEngine engine)
    {
        var last = (uint)engine.Parts.Queues.Pairs - 1;
        return (last << 16) | last;
    }

    private static NvmeStatus Set(CommandEngine engine, ref CommandSlot slot, FeatureId id, uint value)
    {
        var features = engine.Parts.Features;
        switch (id)
        {
            case FeatureId.Arbitration:
                features.Arbitration = value;
                engine.Parts.Fetcher.Burst = features.ArbitrationBurst;
                return NvmeStatus.Success;
            case FeatureId.PowerManagement:
                if ((value & PowerStateMask) != 0)
                {
                    return NvmeStatus.InvalidField;
                }

                features.PowerManagement = value & WorkloadHintMask;
                return NvmeStatus.Success;
            case FeatureId.TemperatureThreshold:
                return SetTemperature(engine, value);
            case FeatureId.ErrorRecovery:
                return SetErrorRecovery(engine, slot.NamespaceId, value);
            case FeatureId.VolatileWriteCache:
                features.VolatileWriteCache = value & FeatureSet.VolatileWriteCacheEnabled;
                return NvmeStatus.Success;
            case FeatureId.NumberOfQueues:
                return SetQueues(engine, ref slot, value);
            case FeatureId.InterruptCoalescing:
                features.InterruptCoalescing = value & 0xFFFF;
                return NvmeStatus.Success;
            case FeatureId.InterruptVectorConfiguration:
                var vector = (int)(value & 0xFFFF);
                if (vector >= features.Vectors)
                {
                    return NvmeStatus.InvalidField;
                }

                features.SetVectorConfiguration(vector, (value & (1u << 16)) != 0);
                return NvmeStatus.Success;
            case FeatureId.WriteAtomicityNormal:
                features.WriteAtomicity = value & 1;
                return NvmeStatus.Success;
            default:
                features.AsyncEvents = value & FeatureSet.EventsSupported;
                RaiseTemperature(engine);
                return NvmeStatus.Success;
        }
    }

    private static NvmeStatus SetQueues(CommandEngine engine, ref CommandSlot slot, uint value)
    {
        if ((value & 0xFFFF) == QueuesReserved || value >> 16 == QueuesReserved)
        {
            return NvmeStatus.InvalidField;
        }

        if (engine.Parts.Queues.AnyIo)
        {
            return NvmeStatus.CommandSequenceError;
        }

        slot.Result = QueuesAllocated(engine);
        return NvmeStatus.Success;
    }

    private static NvmeStatus SetTemperature(CommandEngine engine, uint value)
    {
        if (FeatureFields.TemperatureSensor(value) is not (FeatureFields.CompositeSensor or FeatureFields.AllSensors))
        {
            return NvmeStatus.InvalidField;
        }

        switch (FeatureFields.ThresholdType(value))
        {
            case FeatureFields.OverThreshold:
                engine.Parts.Features.OverTemperature = (ushort)value;
                break;
            case FeatureFields.UnderThreshold:
                engine.Parts.Features.UnderTemperature = (ushort)value;
                break;
            default:
                return NvmeStatus.InvalidField;
        }

        RaiseTemperature(engine);
        return NvmeStatus.Success;
    }

    private static NvmeStatus SetErrorRecovery(CommandEngine engine, uint namespaceId, uint value)
    {
        if ((value & DeallocatedErrorEnable) != 0)
        {
            return NvmeStatus.InvalidField;
        }

        var backends = engine.Parts.Backends;
        if (namespaceId == NvmeSizes.BroadcastNamespace)
        {
            for (var each = backends.FindFrom(1); each is not null; each = backends.FindFrom(each.Id + 1))
            {
                each.ErrorRecovery = value & ErrorRecoveryTimeMask;
            }

            return NvmeStatus.Success;
        }

        if (backends.Find(namespaceId) is not { } target)
        {
            return NvmeStatus.InvalidNamespaceOrFormat;
        }

        target.ErrorRecovery = value & ErrorRecoveryTimeMask;
        return NvmeStatus.Success;
    }

    // §5.2.1: bit 1 of the critical warning is the temperature; the event comes when it is enabled and the threshold is passed.
    private static void RaiseTemperature(CommandEngine engine)
    {
        if ((engine.Parts.Features.AsyncEvents & 2) != 0 && engine.Parts.Features.IsTemperaturePastThreshold)
        {
            engine.Parts.Events.Raise(AsyncEvent.TemperatureThreshold, engine);
        }
    }
}
