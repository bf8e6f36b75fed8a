using System.Diagnostics;
using System.Globalization;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Tests.Protocol;

/// <summary>Offsets, sizes and codes as libnvme's header has them, which a C compiler tells.</summary>
public sealed class LayoutTests
{
    private static readonly (string Expression, long Ours)[] Facts =
    [
        ("NVME_REG_CAP", NvmeRegister.Cap), ("NVME_REG_VS", NvmeRegister.Vs), ("NVME_REG_INTMS", NvmeRegister.Intms),
        ("NVME_REG_INTMC", NvmeRegister.Intmc), ("NVME_REG_CC", NvmeRegister.Cc), ("NVME_REG_CSTS", NvmeRegister.Csts),
        ("NVME_REG_NSSR", NvmeRegister.Nssr), ("NVME_REG_AQA", NvmeRegister.Aqa), ("NVME_REG_ASQ", NvmeRegister.Asq),
        ("NVME_REG_ACQ", NvmeRegister.Acq), ("NVME_REG_CMBLOC", NvmeRegister.Cmbloc), ("NVME_REG_CMBSZ", NvmeRegister.Cmbsz),
        ("sizeof(struct nvme_id_ctrl)", NvmeSizes.IdentifyBytes), ("sizeof(struct nvme_id_ns)", NvmeSizes.IdentifyBytes),
        ("offsetof(struct nvme_id_ctrl, vid)", IdentifyController.VendorIdOffset),
        ("offsetof(struct nvme_id_ctrl, ssvid)", IdentifyController.SubsystemVendorIdOffset),
        ("offsetof(struct nvme_id_ctrl, sn)", IdentifyController.SerialNumberOffset),
        ("sizeof(((struct nvme_id_ctrl *)0)->sn)", IdentifyController.SerialNumberBytes),
        ("offsetof(struct nvme_id_ctrl, mn)", IdentifyController.ModelNumberOffset),
        ("sizeof(((struct nvme_id_ctrl *)0)->mn)", IdentifyController.ModelNumberBytes),
        ("offsetof(struct nvme_id_ctrl, fr)", IdentifyController.FirmwareRevisionOffset),
        ("sizeof(((struct nvme_id_ctrl *)0)->fr)", IdentifyController.FirmwareRevisionBytes),
        ("offsetof(struct nvme_id_ctrl, rab)", IdentifyController.ArbitrationBurstOffset),
        ("offsetof(struct nvme_id_ctrl, ieee)", IdentifyController.IeeeOuiOffset),
        ("offsetof(struct nvme_id_ctrl, cmic)", IdentifyController.MultiPathOffset),
        ("offsetof(struct nvme_id_ctrl, mdts)", IdentifyController.MaxDataTransferOffset),
        ("offsetof(struct nvme_id_ctrl, cntlid)", IdentifyController.ControllerIdOffset),
        ("offsetof(struct nvme_id_ctrl, ver)", IdentifyController.VersionOffset),
        ("offsetof(struct nvme_id_ctrl, oaes)", IdentifyController.OptionalAsyncEventsOffset),
        ("offsetof(struct nvme_id_ctrl, ctratt)", IdentifyController.ControllerAttributesOffset),
        ("offsetof(struct nvme_id_ctrl, cntrltype)", IdentifyController.ControllerTypeOffset),
        ("offsetof(struct nvme_id_ctrl, oacs)", IdentifyController.OptionalAdminCommandsOffset),
        ("offsetof(struct nvme_id_ctrl, acl)", IdentifyController.AbortCommandLimitOffset),
        ("offsetof(struct nvme_id_ctrl, aerl)", IdentifyController.AsyncEventRequestLimitOffset),
        ("offsetof(struct nvme_id_ctrl, frmw)", IdentifyController.FirmwareUpdatesOffset),
        ("offsetof(struct nvme_id_ctrl, lpa)", IdentifyController.LogPageAttributesOffset),
        ("offsetof(struct nvme_id_ctrl, elpe)", IdentifyController.ErrorLogPageEntriesOffset),
        ("offsetof(struct nvme_id_ctrl, npss)", IdentifyController.PowerStatesOffset),
        ("offsetof(struct nvme_id_ctrl, wctemp)", IdentifyController.WarningTemperatureOffset),
        ("offsetof(struct nvme_id_ctrl, cctemp)", IdentifyController.CriticalTemperatureOffset),
        ("offsetof(struct nvme_id_ctrl, sqes)", IdentifyController.SubmissionEntrySizesOffset),
        ("offsetof(struct nvme_id_ctrl, cqes)", IdentifyController.CompletionEntrySizesOffset),
        ("offsetof(struct nvme_id_ctrl, maxcmd)", IdentifyController.MaxOutstandingCommandsOffset),
        ("offsetof(struct nvme_id_ctrl, nn)", IdentifyController.NamespaceCountOffset),
        ("offsetof(struct nvme_id_ctrl, oncs)", IdentifyController.OptionalNvmCommandsOffset),
        ("offsetof(struct nvme_id_ctrl, fuses)", IdentifyController.FusedOperationsOffset),
        ("offsetof(struct nvme_id_ctrl, fna)", IdentifyController.FormatAttributesOffset),
        ("offsetof(struct nvme_id_ctrl, vwc)", IdentifyController.VolatileWriteCacheOffset),
        ("offsetof(struct nvme_id_ctrl, awun)", IdentifyController.AtomicWriteUnitNormalOffset),
        ("offsetof(struct nvme_id_ctrl, awupf)", IdentifyController.AtomicWriteUnitPowerFailOffset),
        ("offsetof(struct nvme_id_ctrl, sgls)", IdentifyController.SglSupportOffset),
        ("offsetof(struct nvme_id_ctrl, subnqn)", IdentifyController.SubsystemNqnOffset),
        ("offsetof(struct nvme_id_ctrl, psd)", IdentifyController.PowerStateDescriptorsOffset),
        ("offsetof(struct nvme_id_ns, nsze)", IdentifyNamespace.NsizeOffset),
        ("offsetof(struct nvme_id_ns, ncap)", IdentifyNamespace.NcapOffset),
        ("offsetof(struct nvme_id_ns, nuse)", IdentifyNamespace.NuseOffset),
        ("offsetof(struct nvme_id_ns, nsfeat)", IdentifyNamespace.NsfeatOffset),
        ("offsetof(struct nvme_id_ns, nlbaf)", IdentifyNamespace.NlbafOffset),
        ("offsetof(struct nvme_id_ns, flbas)", IdentifyNamespace.FlbasOffset),
        ("offsetof(struct nvme_id_ns, dlfeat)", IdentifyNamespace.DlfeatOffset),
        ("offsetof(struct nvme_id_ns, npwg)", IdentifyNamespace.NpwgOffset),
        ("offsetof(struct nvme_id_ns, npwa)", IdentifyNamespace.NpwaOffset),
        ("offsetof(struct nvme_id_ns, npdg)", IdentifyNamespace.NpdgOffset),
        ("offsetof(struct nvme_id_ns, npda)", IdentifyNamespace.NpdaOffset),
        ("offsetof(struct nvme_id_ns, nows)", IdentifyNamespace.NowsOffset),
        ("NVME_NS_DLFEAT_RB_ALL_0S", (long)DeallocateFeatures.ReadsZeroes),
        ("NVME_NS_DLFEAT_RB", (long)DeallocateFeatures.ReadBehaviorMask),
        ("NVME_NS_DLFEAT_WRITE_ZEROES", (long)DeallocateFeatures.WriteZeroesDeallocates),
        ("NVME_CTRL_ONCS_COMPARE", (long)OptionalNvmCommands.Compare), ("NVME_CTRL_ONCS_DSM", (long)OptionalNvmCommands.DatasetManagement),
        ("NVME_CTRL_ONCS_WRITE_ZEROES", (long)OptionalNvmCommands.WriteZeroes),
        ("NVME_CTRL_ONCS_SAVE_FEATURES", (long)OptionalNvmCommands.SaveAndSelect),
        ("NVME_CTRL_ONCS_VERIFY", (long)OptionalNvmCommands.Verify),
        ("sizeof(struct nvme_dsm_range)", DatasetRange.Bytes), ("offsetof(struct nvme_dsm_range, cattr)", 0),
        ("offsetof(struct nvme_dsm_range, nlb)", DatasetRange.BlocksOffset),
        ("offsetof(struct nvme_dsm_range, slba)", DatasetRange.StartingLbaOffset), ("NVME_DSMGMT_AD", 1 << 2),
        ("NVME_IO_DEAC << 16", 1 << 25),
        ("offsetof(struct nvme_id_ns, nsattr)", IdentifyNamespace.NsattrOffset),
        ("offsetof(struct nvme_id_ns, nguid)", IdentifyNamespace.NguidOffset),
        ("offsetof(struct nvme_id_ns, eui64)", IdentifyNamespace.Eui64Offset),
        ("offsetof(struct nvme_id_ns, lbaf)", IdentifyNamespace.LbaFormatsOffset),
        ("sizeof(struct nvme_smart_log)", SmartLog.Bytes),
        ("offsetof(struct nvme_smart_log, temperature)", SmartLog.CompositeTemperatureOffset),
        ("offsetof(struct nvme_smart_log, avail_spare)", SmartLog.AvailableSpareOffset),
        ("offsetof(struct nvme_smart_log, spare_thresh)", SmartLog.AvailableSpareThresholdOffset),
        ("offsetof(struct nvme_smart_log, percent_used)", SmartLog.PercentageUsedOffset),
        ("offsetof(struct nvme_smart_log, data_units_read)", SmartLog.DataUnitsReadOffset),
        ("offsetof(struct nvme_smart_log, data_units_written)", SmartLog.DataUnitsWrittenOffset),
        ("offsetof(struct nvme_smart_log, host_reads)", SmartLog.HostReadCommandsOffset),
        ("offsetof(struct nvme_smart_log, host_writes)", SmartLog.HostWriteCommandsOffset),
        ("offsetof(struct nvme_smart_log, power_cycles)", SmartLog.PowerCyclesOffset),
        ("offsetof(struct nvme_smart_log, power_on_hours)", SmartLog.PowerOnHoursOffset),
        ("offsetof(struct nvme_smart_log, unsafe_shutdowns)", SmartLog.UnsafeShutdownsOffset),
        ("offsetof(struct nvme_smart_log, media_errors)", SmartLog.MediaErrorsOffset),
        ("offsetof(struct nvme_smart_log, num_err_log_entries)", SmartLog.ErrorLogEntriesOffset),
        ("sizeof(struct nvme_error_log_page)", ErrorInformationEntry.Bytes),
        ("offsetof(struct nvme_error_log_page, status_field)", 12), ("offsetof(struct nvme_error_log_page, lba)", 16),
        ("offsetof(struct nvme_error_log_page, nsid)", 24), ("offsetof(struct nvme_error_log_page, cs)", 32),
        ("sizeof(struct nvme_cmd_effects_log)", 4096), ("offsetof(struct nvme_cmd_effects_log, iocs)", 1024),
        ("NVME_CMD_EFFECTS_CSUPP", (long)CommandEffects.Supported), ("NVME_CMD_EFFECTS_LBCC", (long)CommandEffects.LogicalBlockContentChange),
        ("nvme_admin_delete_sq", (long)AdminOpcode.DeleteIoSubmissionQueue), ("nvme_admin_create_sq", (long)AdminOpcode.CreateIoSubmissionQueue),
        ("nvme_admin_get_log_page", (long)AdminOpcode.GetLogPage), ("nvme_admin_delete_cq", (long)AdminOpcode.DeleteIoCompletionQueue),
        ("nvme_admin_create_cq", (long)AdminOpcode.CreateIoCompletionQueue), ("nvme_admin_identify", (long)AdminOpcode.Identify),
        ("nvme_admin_abort_cmd", (long)AdminOpcode.Abort), ("nvme_admin_set_features", (long)AdminOpcode.SetFeatures),
        ("nvme_admin_get_features", (long)AdminOpcode.GetFeatures), ("nvme_admin_async_event", (long)AdminOpcode.AsynchronousEventRequest),
        ("nvme_cmd_flush", (long)IoOpcode.Flush), ("nvme_cmd_write", (long)IoOpcode.Write), ("nvme_cmd_read", (long)IoOpcode.Read),
        ("nvme_cmd_write_uncor", (long)IoOpcode.WriteUncorrectable), ("nvme_cmd_compare", (long)IoOpcode.Compare),
        ("nvme_cmd_write_zeroes", (long)IoOpcode.WriteZeroes), ("nvme_cmd_dsm", (long)IoOpcode.DatasetManagement),
        ("nvme_cmd_verify", (long)IoOpcode.Verify),
        ("NVME_IDENTIFY_CNS_NS", (long)IdentifyCns.Namespace), ("NVME_IDENTIFY_CNS_CTRL", (long)IdentifyCns.Controller),
        ("NVME_IDENTIFY_CNS_NS_ACTIVE_LIST", (long)IdentifyCns.ActiveNamespaceList),
        ("NVME_IDENTIFY_CNS_NS_DESC_LIST", (long)IdentifyCns.NamespaceDescriptors), ("NVME_NIDT_UUID", (long)NamespaceIdType.Uuid),
        ("NVME_FEAT_FID_ARBITRATION", (long)FeatureId.Arbitration), ("NVME_FEAT_FID_POWER_MGMT", (long)FeatureId.PowerManagement),
        ("NVME_FEAT_FID_TEMP_THRESH", (long)FeatureId.TemperatureThreshold), ("NVME_FEAT_FID_ERR_RECOVERY", (long)FeatureId.ErrorRecovery),
        ("NVME_FEAT_FID_VOLATILE_WC", (long)FeatureId.VolatileWriteCache), ("NVME_FEAT_FID_NUM_QUEUES", (long)FeatureId.NumberOfQueues),
        ("NVME_FEAT_FID_IRQ_COALESCE", (long)FeatureId.InterruptCoalescing), ("NVME_FEAT_FID_IRQ_CONFIG", (long)FeatureId.InterruptVectorConfiguration),
        ("NVME_FEAT_FID_WRITE_ATOMIC", (long)FeatureId.WriteAtomicityNormal), ("NVME_FEAT_FID_ASYNC_EVENT", (long)FeatureId.AsynchronousEventConfiguration),
        ("NVME_LOG_LID_ERROR", (long)LogPageId.ErrorInformation), ("NVME_LOG_LID_SMART", (long)LogPageId.Smart),
        ("NVME_LOG_LID_FW_SLOT", (long)LogPageId.FirmwareSlot), ("NVME_LOG_LID_CHANGED_NS", (long)LogPageId.ChangedNamespaceList),
        ("NVME_LOG_LID_CMD_EFFECTS", (long)LogPageId.CommandsSupportedAndEffects),
        ("NVME_SC_INVALID_OPCODE", NvmeStatus.InvalidCommandOpcode.Code), ("NVME_SC_INVALID_FIELD", NvmeStatus.InvalidField.Code),
        ("NVME_SC_CMDID_CONFLICT", NvmeStatus.CommandIdConflict.Code), ("NVME_SC_DATA_XFER_ERROR", NvmeStatus.DataTransferError.Code),
        ("NVME_SC_INTERNAL", NvmeStatus.InternalError.Code), ("NVME_SC_ABORT_REQ", NvmeStatus.CommandAbortRequested.Code),
        ("NVME_SC_ABORT_QUEUE", NvmeStatus.AbortedSubmissionQueueDeletion.Code), ("NVME_SC_INVALID_NS", NvmeStatus.InvalidNamespaceOrFormat.Code),
        ("NVME_SC_CMD_SEQ_ERROR", NvmeStatus.CommandSequenceError.Code), ("NVME_SC_PRP_INVALID_OFFSET", NvmeStatus.PrpOffsetInvalid.Code),
        ("NVME_SC_NS_WRITE_PROTECTED", NvmeStatus.NamespaceIsWriteProtected.Code), ("NVME_SC_LBA_RANGE", NvmeStatus.LbaOutOfRange.Code),
        ("NVME_SC_CAP_EXCEEDED", NvmeStatus.CapacityExceeded.Code), ("NVME_SC_CQ_INVALID", NvmeStatus.CompletionQueueInvalid.Code),
        ("NVME_SC_QID_INVALID", NvmeStatus.InvalidQueueIdentifier.Code), ("NVME_SC_QUEUE_SIZE", NvmeStatus.InvalidQueueSize.Code),
        ("NVME_SC_ABORT_LIMIT", NvmeStatus.AbortCommandLimitExceeded.Code), ("NVME_SC_ASYNC_LIMIT", NvmeStatus.AsynchronousEventRequestLimitExceeded.Code),
        ("NVME_SC_INVALID_VECTOR", NvmeStatus.InvalidInterruptVector.Code), ("NVME_SC_INVALID_LOG_PAGE", NvmeStatus.InvalidLogPage.Code),
        ("NVME_SC_INVALID_QUEUE", NvmeStatus.InvalidQueueDeletion.Code), ("NVME_SC_FEATURE_NOT_SAVEABLE", NvmeStatus.FeatureIdentifierNotSaveable.Code),
        ("NVME_SC_FEATURE_NOT_CHANGEABLE", NvmeStatus.FeatureNotChangeable.Code), ("NVME_SC_FEATURE_NOT_PER_NS", NvmeStatus.FeatureNotNamespaceSpecific.Code),
        ("NVME_SC_WRITE_FAULT", NvmeStatus.WriteFault.Code), ("NVME_SC_READ_ERROR", NvmeStatus.UnrecoveredReadError.Code),
        ("NVME_SC_COMPARE_FAILED", NvmeStatus.CompareFailure.Code),
        ("offsetof(struct nvme_id_ctrl, tnvmcap)", IdentifyController.TotalCapacityOffset),
        ("offsetof(struct nvme_id_ctrl, unvmcap)", IdentifyController.UnallocatedCapacityOffset),
        ("offsetof(struct nvme_id_ctrl, mnan)", IdentifyController.NamespacesAllowedOffset),
        ("offsetof(struct nvme_id_ctrl, vs)", IdentifyController.VendorSpecificOffset),
        ("offsetof(struct nvme_id_ns, dps)", IdentifyNamespace.DpsOffset), ("offsetof(struct nvme_id_ns, nmic)", IdentifyNamespace.NmicOffset),
        ("offsetof(struct nvme_id_ns, nvmcap)", IdentifyNamespace.NvmcapOffset), ("NVME_NS_NMIC_SHARED", 1),
        ("NVME_CTRL_CMIC_MULTI_PORT", (long)MultiPathCapabilities.SeveralPorts),
        ("NVME_CTRL_CMIC_MULTI_CTRL", (long)MultiPathCapabilities.SeveralControllers),
        ("NVME_CTRL_CMIC_MULTI_SRIOV", (long)MultiPathCapabilities.VirtualFunction),
        ("NVME_CTRL_OACS_NS_MGMT", (long)OptionalAdminCommands.NamespaceManagement),
        ("NVME_CTRL_OACS_VIRT_MGMT", (long)OptionalAdminCommands.VirtualizationManagement),
        ("sizeof(struct nvme_primary_ctrl_cap)", NvmeSizes.IdentifyBytes),
        ("offsetof(struct nvme_primary_ctrl_cap, portid)", PrimaryControllerCapabilities.PortIdOffset),
        ("offsetof(struct nvme_primary_ctrl_cap, crt)", PrimaryControllerCapabilities.ResourceTypesOffset),
        ("offsetof(struct nvme_primary_ctrl_cap, vqfrt)", PrimaryControllerCapabilities.QueuesOffset),
        ("offsetof(struct nvme_primary_ctrl_cap, vifrt)", PrimaryControllerCapabilities.InterruptsOffset),
        ("sizeof(struct nvme_secondary_ctrl)", SecondaryControllerEntry.Bytes),
        ("offsetof(struct nvme_secondary_ctrl, pcid)", SecondaryControllerEntry.PrimaryControllerIdOffset),
        ("offsetof(struct nvme_secondary_ctrl, scs)", SecondaryControllerEntry.StateOffset),
        ("offsetof(struct nvme_secondary_ctrl, vfn)", SecondaryControllerEntry.VirtualFunctionNumberOffset),
        ("offsetof(struct nvme_secondary_ctrl, nvq)", SecondaryControllerEntry.QueuesOffset),
        ("offsetof(struct nvme_secondary_ctrl, nvi)", SecondaryControllerEntry.InterruptsOffset),
        ("offsetof(struct nvme_secondary_ctrl_list, sc_entry)", SecondaryControllerList.EntriesOffset),
        ("NVME_ID_SECONDARY_CTRL_MAX", SecondaryControllerList.CountMax),
        ("sizeof(struct nvme_ctrl_list)", NvmeSizes.IdentifyBytes), ("NVME_ID_CTRL_LIST_MAX", ControllerList.CountMax),
        ("offsetof(struct nvme_ctrl_list, identifier)", ControllerList.IdentifiersOffset),
        ("nvme_admin_ns_mgmt", (long)AdminOpcode.NamespaceManagement), ("nvme_admin_ns_attach", (long)AdminOpcode.NamespaceAttachment),
        ("nvme_admin_virtual_mgmt", (long)AdminOpcode.VirtualizationManagement),
        ("NVME_IDENTIFY_CNS_ALLOCATED_NS_LIST", (long)IdentifyCns.AllocatedNamespaceList),
        ("NVME_IDENTIFY_CNS_ALLOCATED_NS", (long)IdentifyCns.AllocatedNamespace),
        ("NVME_IDENTIFY_CNS_NS_CTRL_LIST", (long)IdentifyCns.NamespaceControllerList),
        ("NVME_IDENTIFY_CNS_CTRL_LIST", (long)IdentifyCns.ControllerList),
        ("NVME_IDENTIFY_CNS_PRIMARY_CTRL_CAP", (long)IdentifyCns.PrimaryControllerCapabilities),
        ("NVME_IDENTIFY_CNS_SECONDARY_CTRL_LIST", (long)IdentifyCns.SecondaryControllerList),
        ("NVME_NS_MGMT_SEL_CREATE", (long)NamespaceManagementSelect.Create), ("NVME_NS_MGMT_SEL_DELETE", (long)NamespaceManagementSelect.Delete),
        ("NVME_NS_ATTACH_SEL_CTRL_ATTACH", (long)NamespaceAttachmentSelect.Attach),
        ("NVME_NS_ATTACH_SEL_CTRL_DEATTACH", (long)NamespaceAttachmentSelect.Detach),
        ("NVME_VIRT_MGMT_ACT_PRIM_CTRL_FLEX_ALLOC", (long)VirtualizationAction.PrimaryFlexibleAllocation),
        ("NVME_VIRT_MGMT_ACT_OFFLINE_SEC_CTRL", (long)VirtualizationAction.SecondaryOffline),
        ("NVME_VIRT_MGMT_ACT_ASSIGN_SEC_CTRL", (long)VirtualizationAction.SecondaryAssign),
        ("NVME_VIRT_MGMT_ACT_ONLINE_SEC_CTRL", (long)VirtualizationAction.SecondaryOnline),
        ("NVME_VIRT_MGMT_RT_VQ_RESOURCE", (long)VirtualResourceType.Queue), ("NVME_VIRT_MGMT_RT_VI_RESOURCE", (long)VirtualResourceType.Interrupt),
        ("NVME_SC_INVALID_FORMAT", NvmeStatus.InvalidFormat.Code), ("NVME_SC_THIN_PROV_NOT_SUPP", NvmeStatus.ThinProvisioningNotSupported.Code),
        ("NVME_SC_NS_INSUFFICIENT_CAP", NvmeStatus.NamespaceInsufficientCapacity.Code),
        ("NVME_SC_NS_ID_UNAVAILABLE", NvmeStatus.NamespaceIdentifierUnavailable.Code),
        ("NVME_SC_NS_ALREADY_ATTACHED", NvmeStatus.NamespaceAlreadyAttached.Code), ("NVME_SC_NS_IS_PRIVATE", NvmeStatus.NamespaceIsPrivate.Code),
        ("NVME_SC_NS_NOT_ATTACHED", NvmeStatus.NamespaceNotAttached.Code), ("NVME_SC_CTRL_LIST_INVALID", NvmeStatus.ControllerListInvalid.Code),
        ("NVME_SC_INVALID_CTRL_ID", NvmeStatus.InvalidControllerIdentifier.Code),
        ("NVME_SC_INVALID_SEC_CTRL_STATE", NvmeStatus.InvalidSecondaryControllerState.Code),
        ("NVME_SC_INVALID_CTRL_RESOURCES", NvmeStatus.InvalidNumberOfControllerResources.Code),
        ("NVME_SC_INVALID_RESOURCE_ID", NvmeStatus.InvalidResourceIdentifier.Code),
        ("NVME_SCT_CMD_SPECIFIC", (long)StatusCodeType.CommandSpecific), ("NVME_SCT_MEDIA", (long)StatusCodeType.MediaAndDataIntegrity),
        ("NVME_SC_DNR", NvmeStatus.DoNotRetryBit), ("NVME_SC_MORE", NvmeStatus.MoreBit),
    ];

    [Fact]
    public void Offsets_sizes_and_codes_are_those_of_libnvmes_header()
    {
        if (!File.Exists("/usr/include/nvme/types.h"))
        {
            Assert.Skip("nvme/types.h (Debian package libnvme-dev) is missing");
        }

        if (!File.Exists("/usr/bin/gcc"))
        {
            Assert.Skip("gcc is missing");
        }

        var directory = Directory.CreateTempSubdirectory("expether-nvme-layout");
        try
        {
            var source = Path.Combine(directory.FullName, "layout.c");
            var program = Path.Combine(directory.FullName, "layout");
            File.WriteAllText(source, "#include <stddef.h>\n#include <stdio.h>\n#include <nvme/types.h>\nint main(void) {\n"
                + string.Concat(Facts.Select(f => $"printf(\"%lld\\n\", (long long)({f.Expression}));\n")) + "return 0; }\n");
            Run("/usr/bin/gcc", ["-o", program, source]);
            var theirs = Run(program, []).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(
                Facts.Select(f => $"{f.Expression} = {f.Ours}"),
                Facts.Zip(theirs, (f, value) => $"{f.Expression} = {long.Parse(value, CultureInfo.InvariantCulture)}"));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static string Run(string file, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors.GetAwaiter().GetResult());
        return output;
    }
}
